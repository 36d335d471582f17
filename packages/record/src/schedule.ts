import {
  createStrategy,
  type ExpectedStep,
  findExpected,
  type RunSettings,
  remainingSteps,
  type StepPlace,
  type TaskKind,
} from "@tutti/core";
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
  const weigh = secondsPerStep(schedule, done);
  return weigh === null ? null : remaining.reduce((sum, step) => sum + weigh(step), 0);
}

/** Expected seconds of a step; null before a training step was measured. */
export function secondsPerStep(schedule: readonly ExpectedStep[], done: readonly DoneStep[]): ((step: ExpectedStep) => number) | null {
  const find = findExpected(schedule);
  const sums = new Map<TaskKind, { seconds: number; work: number; count: number }>();
  for (const one of done) {
    const step = find(one);
    if (step === undefined) continue;
    const { seconds, work, count } = sums.get(step.spec.kind) ?? { seconds: 0, work: 0, count: 0 };
    sums.set(step.spec.kind, { seconds: seconds + one.seconds, work: work + workOf(step), count: count + 1 });
  }
  const trained = sums.get("train");
  if (trained === undefined) return null;
  return (step) => {
    const like = sums.get(step.spec.kind);
    return like === undefined ? trained.seconds / trained.count : (workOf(step) * like.seconds) / like.work;
  };
}

/** How much a step computes beside others of its kind: devices times what each does. */
export function workOf({ spec, numDevices }: ExpectedStep): number {
  if (spec.kind === "train") return numDevices * spec.epochs;
  return numDevices * (spec.kind === "evaluate" ? spec.protocols.length : 1);
}
