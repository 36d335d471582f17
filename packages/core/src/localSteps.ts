import type { TrainingSettings } from "./settings/runConditions.ts";
import type { TaskExpectation, TrainSpec } from "./task.ts";

/** How long a device trains in a task: E epochs, or where it is given a number of steps. */
export interface LocalWork extends Pick<TrainingSettings, "localEpochs"> {
  readonly localSteps?: number | undefined;
}

/** K_i: the optimiser steps of a device's round, E · ceil(n_i / B) (fedpeptao.md §1) unless their number is given. */
export function countSteps(
  numExamples: number,
  { localEpochs, localSteps, batchSize }: LocalWork & Pick<TrainingSettings, "batchSize">,
): number {
  return localSteps ?? localEpochs * Math.ceil(numExamples / batchSize);
}

/** What a `train` task says of how long the run's devices train. */
export function trainedFor({ localEpochs, localSteps }: LocalWork): Pick<TrainSpec, "epochs" | "steps"> {
  return { epochs: localEpochs, ...(localSteps === undefined ? {} : { steps: localSteps }) };
}

/** How long a `train` task lasts, as settings say it. */
export function workOfTask({ epochs, steps }: Pick<TrainSpec, "epochs" | "steps">): LocalWork {
  return { localEpochs: epochs, localSteps: steps };
}

/** K_i of a `train` task. */
export function taskSteps(
  spec: Pick<TrainSpec, "epochs" | "steps">,
  { numExamples, batchSize }: Pick<TaskExpectation, "numExamples" | "batchSize">,
): number {
  return countSteps(numExamples, { ...workOfTask(spec), batchSize });
}

/** Examples that a device goes through, each as often as it does; of given steps as if all batches were full. */
export function countSeen(
  numExamples: number,
  { localEpochs, localSteps, batchSize }: LocalWork & Pick<TrainingSettings, "batchSize">,
): number {
  return localSteps === undefined ? localEpochs * numExamples : localSteps * Math.min(batchSize, numExamples);
}

/** The run's local training as one task has it. */
export function trainingOfTask(
  { localSteps: _, ...training }: TrainingSettings,
  { epochs, steps }: Pick<TrainSpec, "epochs" | "steps">,
  { batchSize }: Pick<TaskExpectation, "batchSize">,
): TrainingSettings {
  return { ...training, localEpochs: epochs, batchSize, ...(steps === undefined ? {} : { localSteps: steps }) };
}
