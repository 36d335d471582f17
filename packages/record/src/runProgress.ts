import { type ExpectedStep, findExpected, numRoundsIn, remainingSteps, type Stage, type StepPlace } from "@tutti/core";
import type { RunPosition } from "./runRecord.ts";
import { type DoneStep, estimateSecondsLeft, secondsPerStep, workOf } from "./schedule.ts";

/** How far a stage is, and how much of the run's expected work it is. */
export interface StageProgress {
  readonly stage: Stage;
  readonly share: number;
  readonly done: number;
}

/** How far a whole run is. */
export interface WholeProgress {
  readonly stages: readonly StageProgress[];
  /** Steps that have closed, of all. */
  readonly numStepsDone: number;
  readonly numSteps: number;
  /** Null before a training step has closed. */
  readonly secondsLeft: number | null;
}

/** The step that is under way, and the share of its tasks that are in. */
export interface UnderWay extends StepPlace {
  readonly fraction: number;
}

const stages: readonly Stage[] = ["score", "count", "train"];

/**
 * How far a run is over all its stages. A step weighs what steps of its kind took so far, by their work; a kind that was not seen yet weighs its
 * devices times what each does, at the pace of a training step.
 */
export function progressOf(schedule: readonly ExpectedStep[], done: readonly DoneStep[], underWay: UnderWay | null): WholeProgress {
  const weigh = secondsPerStep(schedule, done) ?? workOf;
  const find = findExpected(schedule);
  const nameOf = ({ stage, round, step }: StepPlace) => `${stage} ${round}.${step}`;
  const closed = new Set(done.map(nameOf));
  const totals = { score: { all: 0, done: 0 }, count: { all: 0, done: 0 }, train: { all: 0, done: 0 } };
  for (const step of schedule) {
    const weight = weigh(step);
    totals[step.stage].all += weight;
    if (closed.has(nameOf(step))) totals[step.stage].done += weight;
    else if (underWay !== null && nameOf(underWay) === nameOf(step)) totals[step.stage].done += weight * underWay.fraction;
  }
  const all = stages.reduce((sum, stage) => sum + totals[stage].all, 0);
  const expected = underWay === null ? undefined : find(underWay);
  const left = estimateSecondsLeft(schedule, done);
  const begun = expected === undefined || closed.has(nameOf(expected)) ? 0 : weigh(expected) * (underWay?.fraction ?? 0);
  return {
    stages: stages.flatMap((stage) => {
      const total = totals[stage];
      return total.all === 0 ? [] : [{ stage, share: total.all / all, done: total.done / total.all }];
    }),
    numStepsDone: schedule.length - remainingSteps(schedule, done).length,
    numSteps: schedule.length,
    secondsLeft: left === null ? null : Math.max(0, left - begun),
  };
}

/** The same between two steps, as a run's record and landing pages say it: with the place of the step that comes next. */
export function positionOf(
  schedule: readonly ExpectedStep[],
  done: readonly DoneStep[],
  when: Pick<RunPosition, "at" | "isRunning">,
): RunPosition {
  const { numStepsDone, numSteps, secondsLeft } = progressOf(schedule, done, null);
  const { stage = "train", round = 0 } = remainingSteps(schedule, done)[0] ?? schedule.at(-1) ?? {};
  const left = secondsLeft === null ? null : Math.round(secondsLeft);
  return { stage, round, numRounds: numRoundsIn(schedule, stage), numStepsDone, numSteps, secondsLeft: left, ...when };
}
