import {
  accuracy,
  type Confusion,
  type Evaluation,
  type EvaluationResult,
  macroF1,
  measure,
  numCounted,
  type Protocol,
  selectorOf,
} from "@tutti/core";
import type { LabPoint, LabRun, LabScores, LabUsage, StepRecord } from "@tutti/record";
import type { RunOutcome } from "@tutti/server";
import type { PlannedRun } from "../experiment/runPlan.ts";

/** What is known of a run beside its outcome. */
export interface RunCircumstances {
  readonly backend: string;
  readonly clients: LabRun["clients"];
  readonly totalSeconds: number;
  readonly usage: LabUsage;
  readonly faults: LabRun["faults"];
}

type Measured = Omit<LabRun, "correct" | "answers" | "correctNote" | "controls"> & {
  readonly controls: Pick<LabRun["controls"], "zeroShot">;
};

/**
 * A finished run's result but for what its replay finds. Bytes are those on the wire by what the coordinator charges them to. A blob that a
 * client fetched for an evaluation and that a later task of another kind names, as the next round's broadcast does W_t, is charged to that
 * task's step, once for each client, and no longer to the evaluation: `bytes.down` and the curve are as if nothing had been evaluated, but
 * for the figures of evaluations in the status messages, less than 2 kB per client and step. A run that went on after a stop has fetched
 * the open step's blobs again.
 */
export function collectRun(planned: PlannedRun, outcome: RunOutcome, { totalSeconds, ...circumstances }: RunCircumstances): Measured {
  const { settings } = planned;
  const { summary, steps, traffic } = outcome;
  const curve = curveOf(steps, summary.evaluations, planned.metric);
  const training = curve.filter(({ round }) => round > 0);
  const best = bestRound(training);
  const both = (label: "score" | "count" | "evaluation") => Math.round(traffic[label].up + traffic[label].down);
  const rounds = (way: "up" | "down") => Math.round(traffic.score[way] + traffic.count[way] + traffic.train[way]);
  const zeroShot = curve.find(({ protocol, split }) => protocol === "zeroShot" && split === "test");
  return {
    ...described(planned),
    ...circumstances,
    seconds: { ...secondsByStage(steps), total: totalSeconds },
    bytes: { up: rounds("up"), down: rounds("down"), stagesAB: both("score") + both("count"), evaluation: both("evaluation") },
    curve,
    final: scoresBy(lastOfEach(training.filter(({ split }) => split === "test"))),
    best: best === null ? null : { round: best.round, scores: scoresBy(testPointsAfter(training, best)) },
    bestValidation: best?.score ?? null,
    controls: { zeroShot: zeroShot?.score ?? null },
    layerScores: summary.layerScores ?? [],
    selector: selectorOf(settings.strategy),
    selectedLayers: summary.selectedLayers ?? [],
    keepFraction: summary.keepFraction,
    spectra: summary.probes.map(({ deviceId, ritzValues, ritzWeights }) => ({ deviceId, ritzValues, ritzWeights })),
    error: null,
  };
}

/** What is left of a run that did not finish. */
export function failedRun(planned: PlannedRun, clients: LabRun["clients"], error: string): LabRun {
  const { strategy } = planned.settings;
  return {
    ...described(planned),
    ...{ backend: "unknown", clients, curve: [], final: {}, best: null, bestValidation: null },
    seconds: { scoring: 0, counting: 0, training: 0, evaluation: 0, total: 0 },
    bytes: { up: 0, down: 0, stagesAB: 0, evaluation: 0 },
    controls: { majority: null, zeroShot: null },
    ...{ layerScores: [], selectedLayers: [], keepFraction: null, spectra: [] },
    selector: selectorOf(strategy),
    ...{ correct: null, answers: null, correctNote: "the run did not finish", faults: null },
    usage: { clientsFraction: null, orchestrationFraction: null },
    error,
  };
}

function described({ id, method, methodTitle, variant, isRateTrial, task, metric, settings }: PlannedRun) {
  return { id, method, methodTitle, variant, isRateTrial, task, metric, seed: settings.seed, settings };
}

/** One point per protocol and split of every evaluation; of evaluations only the downloads cost something that later steps needed too. */
export function curveOf(steps: readonly StepRecord[], evaluations: readonly Evaluation[], metric: LabRun["metric"]): LabPoint[] {
  const cost = { seconds: 0, bytesUp: 0, bytesDown: 0 };
  const waiting = [...evaluations];
  return steps.flatMap((step) => {
    if (step.kind !== "evaluate") {
      cost.seconds += step.seconds;
      cost.bytesUp += step.bytesUp + (step.fetchedBefore?.up ?? 0);
      cost.bytesDown += step.bytesDown + (step.fetchedBefore?.down ?? 0);
      return [];
    }
    const evaluation = waiting.shift();
    if (evaluation === undefined || evaluation.round !== step.round) throw new Error(`round ${step.round}: its evaluation is not recorded`);
    const at = { ...cost, round: step.stage === "train" ? step.round : 0, coverage: evaluation.coverage };
    return evaluation.results.flatMap((result) => pointOf(result, metric, at));
  });
}

function pointOf(
  { protocol, split, confusion, lossSum }: EvaluationResult,
  metric: LabRun["metric"],
  at: Pick<LabPoint, "seconds" | "bytesUp" | "bytesDown" | "round" | "coverage">,
): LabPoint[] {
  const scores = scoresOf(confusion, lossSum, metric);
  return scores === null ? [] : [{ ...at, protocol, split, ...scores }];
}

function scoresOf(confusion: Confusion, lossSum: number, metric: LabRun["metric"]): LabScores | null {
  const [score, share, f1] = [measure(metric, confusion), accuracy(confusion), macroF1(confusion)];
  return score === null || share === null || f1 === null
    ? null
    : { score, accuracy: share, macroF1: f1, loss: lossSum / numCounted(confusion), numTexts: numCounted(confusion) };
}

/** The round that was best on the validation split under the global protocol; the earliest of equals. The test split is not looked at. */
function bestRound(curve: readonly LabPoint[]): LabPoint | null {
  let best: LabPoint | null = null;
  for (const point of curve) {
    if (point.protocol !== "global" || point.split !== "validation") continue;
    if (best === null || point.score > best.score) best = point;
  }
  return best;
}

function testPointsAfter(curve: readonly LabPoint[], { round }: LabPoint): LabPoint[] {
  return lastOfEach(curve.filter((point) => point.split === "test" && point.round === round));
}

function lastOfEach(points: readonly LabPoint[]): LabPoint[] {
  return [...new Map(points.filter(({ protocol }) => protocol !== "zeroShot").map((point) => [point.protocol, point])).values()];
}

function scoresBy(points: readonly LabPoint[]): Partial<Record<Protocol, LabScores>> {
  return Object.fromEntries(
    points.map(({ protocol, score, accuracy: share, macroF1: f1, loss, numTexts = 0 }) => [
      protocol,
      { score, accuracy: share, macroF1: f1, loss, numTexts },
    ]),
  );
}

function secondsByStage(steps: readonly StepRecord[]): Omit<LabRun["seconds"], "total"> {
  const sum = (isCounted: (step: StepRecord) => boolean) => steps.reduce((total, step) => total + (isCounted(step) ? step.seconds : 0), 0);
  const stage = (name: StepRecord["stage"]) => sum((step) => step.stage === name && step.kind !== "evaluate");
  return {
    scoring: stage("score"),
    counting: stage("count"),
    training: stage("train"),
    evaluation: sum(({ kind }) => kind === "evaluate"),
  };
}
