import {
  createStrategy,
  type ExpectedStep,
  findExpected,
  numRoundsIn,
  type RunSettings,
  remainingSteps,
  type StepPlace,
  type TaskKind,
} from "@tutti/core";
import type { RunPosition } from "./runRecord.ts";
import type { StepRecord } from "./stepRecord.ts";

/** A step that has been done. */
export interface DoneStep extends StepPlace {
  readonly seconds: number;
}

/** All steps that a run's settings lead to. */
export function scheduleOf(run: RunSettings): readonly ExpectedStep[] {
  return createStrategy(run).schedule(run);
}

/** The steps in which a round is trained: what devices tune for themselves after the last round is none. */
export function trainingSteps(schedule: readonly ExpectedStep[], steps: readonly StepRecord[]): StepRecord[] {
  const find = findExpected(schedule);
  return steps.filter((step) => step.stage === "train" && step.kind === "train" && find(step)?.isFineTuning !== true);
}

/** Where a step that is done to a fraction stands among the steps of its stage. */
export function stageFraction(schedule: readonly ExpectedStep[], { stage, round, step }: StepPlace, fractionDone: number): number {
  const ofStage = schedule.filter((one) => one.stage === stage);
  const numBefore = ofStage.filter((one) => one.round < round || (one.round === round && one.step < step)).length;
  return (numBefore + fractionDone) / Math.max(1, ofStage.length);
}

/**
 * Seconds until the end: each remaining step takes as long for its work as the done steps of its kind took for theirs; a kind not yet seen
 * counts as the mean training step. Null before a training step was measured: what comes before it says little of how long one takes.
 */
export function estimateSecondsLeft(schedule: readonly ExpectedStep[], done: readonly DoneStep[]): number | null {
  const remaining = remainingSteps(schedule, done);
  if (remaining.length === 0) return 0;
  const find = findExpected(schedule);
  const known = done.flatMap(({ seconds, ...place }) => {
    const step = find(place);
    return step === undefined ? [] : [{ seconds, kind: step.spec.kind, work: workOf(step) }];
  });
  const ofKind = (kind: TaskKind) => known.filter((step) => step.kind === kind);
  const trained = ofKind("train");
  if (trained.length === 0) return null;
  const trainStep = mean(trained.map(({ seconds }) => seconds));
  return remaining.reduce((sum, step) => {
    const like = ofKind(step.spec.kind);
    if (like.length === 0) return sum + trainStep;
    return sum + (workOf(step) * mean(like.map(({ seconds }) => seconds))) / mean(like.map(({ work }) => work));
  }, 0);
}

/** How far a run is that has closed some of its steps. */
export function positionOf(
  schedule: readonly ExpectedStep[],
  done: readonly StepRecord[],
  { at, isRunning }: Pick<RunPosition, "at" | "isRunning">,
): RunPosition {
  const remaining = remainingSteps(schedule, done);
  const left = estimateSecondsLeft(schedule, done);
  const { stage = "train", round = 0 } = remaining[0] ?? schedule.at(-1) ?? {};
  return {
    stage,
    round,
    numRounds: numRoundsIn(schedule, stage),
    numStepsDone: schedule.length - remaining.length,
    numSteps: schedule.length,
    secondsLeft: left === null ? null : Math.round(left),
    at,
    isRunning,
  };
}

/** How much a step computes beside others of its kind: devices times what each does. */
function workOf({ spec, numDevices }: ExpectedStep): number {
  if (spec.kind === "train") return numDevices * spec.epochs;
  return numDevices * (spec.kind === "evaluate" ? spec.protocols.length : 1);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
