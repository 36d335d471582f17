import type { RunSettings } from "@tutti/core";
import type { Live, LiveRound, LiveStep } from "@tutti/protocol";
import { words } from "../../words/words.ts";

/** The moments of a round, in their order. */
export const moments = ["choose", "send", "train", "back", "sum", "evaluate"] as const;

/** A moment of a round. */
export type Moment = (typeof moments)[number];

/** A moment with what is said of it. */
export interface Frame {
  readonly moment: Moment;
  readonly title: string;
  readonly text: string;
}

/** A round that trained, as it is stepped through: every number is of its records. */
export interface Motion {
  readonly round: number;
  /** Whether each layer travelled. */
  readonly mask: readonly boolean[];
  /** Values that travelled to each device. */
  readonly numShared: number;
  /** Whether the coordinator keeps control variates. */
  readonly hasControl: boolean;
  /** Of what each device is sent, and of what it sends. */
  readonly bytesDown: number;
  readonly bytesUp: number;
  readonly asked: readonly number[];
  readonly counted: ReadonlySet<number>;
  /** Devices that were asked beyond those listed. */
  readonly numMore: number;
  readonly frames: readonly Frame[];
}

/** What a round is told with. */
export interface MotionSources {
  readonly sizes: Live["sizes"];
  readonly numDevices: number;
  readonly run: Pick<RunSettings, "paramsEncoding" | "contributionEncoding" | "aggregation">;
}

/** Devices that are drawn; more are counted. */
const maxDrawn = 8;

const bytesPerValue = { f32: 4, f16: 2, int8: 1 } as const;

/** The rounds that can be stepped through, the latest last. */
export function steppable(rounds: readonly LiveRound[]): readonly LiveRound[] {
  return rounds.filter(({ stage, steps }) => stage === "train" && steps.some(({ kind }) => kind === "train"));
}

/** A closed round in its moments; null where it has not trained. */
export function motionOf(round: LiveRound, sources: MotionSources): Motion | null {
  const step = round.steps.find(({ kind }) => kind === "train");
  if (step === undefined) return null;
  const { layers, others } = sources.sizes;
  const mask = layers.map((_, layer) => round.movement === undefined || round.movement.layers[layer] != null);
  const numShared = others + layers.reduce((sum, size, layer) => sum + (mask[layer] === true ? size : 0), 0);
  const { paramsEncoding, contributionEncoding } = sources.run;
  const motion = {
    round: round.round,
    mask,
    numShared,
    hasControl: round.movement?.control !== undefined,
    bytesDown: numShared * bytesPerValue[paramsEncoding],
    bytesUp: numShared * bytesPerValue[contributionEncoding],
    asked: step.asked.slice(0, maxDrawn),
    counted: new Set(step.counted),
    numMore: Math.max(0, step.numAsked - maxDrawn),
  };
  return { ...motion, frames: framesOf(motion, { round, step, ...sources }) };
}

interface Told extends MotionSources {
  readonly round: LiveRound;
  readonly step: LiveStep;
}

function framesOf(
  { mask, numShared, bytesDown, bytesUp }: Omit<Motion, "frames">,
  { round, step, numDevices, run }: Told,
): readonly Frame[] {
  const { slowMotion } = words;
  const { movement, trainLoss } = round;
  const shown = (value: number | undefined) => (value === undefined ? null : words.formats.number(value));
  const texts: Readonly<Record<Exclude<Moment, "evaluate">, string>> = {
    choose: slowMotion.choose(step.numAsked, numDevices),
    send: slowMotion.send({
      layers: slowMotion.layersOf(mask.filter(Boolean).length, mask.length),
      values: slowMotion.values(numShared),
      each: words.formats.bytes(bytesDown),
      measured: words.formats.bytes(step.bytes.down),
    }),
    train: slowMotion.train(words.formats.seconds(step.seconds), trainLoss === null ? null : words.formats.number(trainLoss)),
    back: slowMotion.back({
      numCounted: step.numCounted,
      numAsked: step.numAsked,
      each: words.formats.bytes(bytesUp),
      measured: words.formats.bytes(step.bytes.up),
    }),
    sum: slowMotion.sum({
      rule: run.aggregation === undefined ? slowMotion.mean : slowMotion.rule(run.aggregation.name),
      update: shown(movement?.update),
      drift: shown(movement?.drift),
      control: shown(movement?.control),
    }),
  };
  const evaluated = evaluationText(round);
  return moments.flatMap((moment) => {
    const text = moment === "evaluate" ? evaluated : texts[moment];
    return text === null ? [] : [{ moment, title: slowMotion.titles[moment], text }];
  });
}

/** Null where the round was not evaluated. */
function evaluationText({ evaluations, evaluationBytes }: LiveRound): string | null {
  const ofTest = evaluations.filter(({ split }) => split === "test");
  const results = (ofTest.length > 0 ? ofTest : evaluations).flatMap(({ protocol, accuracy, numExamples }) => {
    if (accuracy === undefined) return [];
    const texts = numExamples === undefined ? "" : words.stagePlots.ofTexts(numExamples);
    return [words.stagePlots.latest(words.stagePlots.series[protocol], words.formats.percent(accuracy), texts)];
  });
  return results.length === 0 ? null : words.slowMotion.evaluate(results, words.formats.bytes(evaluationBytes.up + evaluationBytes.down));
}
