import { liveScore } from "@tutti/core";
import type { EvaluationPoint, LiveRound } from "@tutti/protocol";

/** A value by round; of an evaluation with its number of texts. */
export interface CurvePoint {
  readonly round: number;
  readonly value: number;
  readonly numTexts: number | null;
}

/** How predictions were made. */
export type Protocol = EvaluationPoint["protocol"];

/** A line of a plot. */
export interface Curve<Name extends string = Protocol | "training"> {
  readonly name: Name;
  readonly points: readonly CurvePoint[];
}

/** What the score of a task is called, and its curves. */
export interface ScoreCurves {
  readonly metric: "accuracy" | "tokenAccuracy" | "rougeL";
  readonly curves: readonly Curve<Protocol>[];
}

const protocols: readonly Protocol[] = ["global", "personalised", "newcomer", "zeroShot"];

/** The share of right answers by round of the train stage, on the test split where there is one. */
export function scoreCurves(rounds: readonly LiveRound[]): ScoreCurves {
  const scores = protocols.map((name) => ({ name, found: evaluated(rounds, name).flatMap(scoreOf) }));
  const metric = scores.flatMap(({ found }) => found.map((point) => point.metric)).at(-1) ?? "accuracy";
  const curves = scores.map(({ name, found }) => ({
    name,
    points: found.filter((point) => point.metric === metric).map(({ metric: _, ...point }) => point),
  }));
  return { metric, curves: curves.filter(({ points }) => points.length > 0) };
}

/** Losses by round of the train stage: the devices' own in training, and those of evaluations. */
export function lossCurves(rounds: readonly LiveRound[]): readonly Curve[] {
  const training = trainRounds(rounds).flatMap(({ round, trainLoss }) =>
    trainLoss === null ? [] : [{ round, value: trainLoss, numTexts: null }],
  );
  const others = (["global", "personalised"] as const).map((name) => ({
    name,
    points: evaluated(rounds, name).map(({ round, point }) => ({ round, value: point.loss, numTexts: point.numExamples ?? null })),
  }));
  return [{ name: "training" as const, points: training }, ...others].filter(({ points }) => points.length > 0);
}

/** The latest point of the curve that says how good the model is for somebody new. */
export function latestScore({ curves }: ScoreCurves): (CurvePoint & { readonly name: Protocol }) | null {
  for (const name of ["newcomer", "global", "personalised"] as const) {
    const last = curves.find((curve) => curve.name === name)?.points.at(-1);
    if (last !== undefined) return { ...last, name };
  }
  return null;
}

/** Rounds that train for all. */
export function trainRounds(rounds: readonly LiveRound[]): readonly LiveRound[] {
  return rounds.filter(({ stage }) => stage === "train");
}

interface Evaluated {
  readonly round: number;
  readonly point: EvaluationPoint;
}

function evaluated(rounds: readonly LiveRound[], protocol: Protocol): readonly Evaluated[] {
  const found = trainRounds(rounds).flatMap(({ round, evaluations }) =>
    evaluations.filter((point) => point.protocol === protocol).map((point) => ({ round, point })),
  );
  const ofTest = found.filter(({ point }) => point.split === "test");
  return ofTest.length > 0 ? ofTest : found;
}

function scoreOf({ round, point }: Evaluated): (CurvePoint & { readonly metric: ScoreCurves["metric"] })[] {
  const numTexts = point.numExamples ?? null;
  if (point.accuracy !== undefined) return [{ round, value: point.accuracy, numTexts, metric: "accuracy" }];
  const score = point.text === undefined ? null : liveScore(point.text);
  return score === null ? [] : [{ round, value: score.value, numTexts, metric: score.metric }];
}
