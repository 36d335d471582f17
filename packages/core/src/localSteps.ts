/** How long a device trains in a task: E epochs, or where it is given a number of steps. */
export interface LocalWork {
  readonly localEpochs: number;
  readonly localSteps?: number | undefined;
}

/** The same as a `train` task says it. */
interface TaskLength {
  readonly epochs: number;
  readonly steps?: number;
}

interface InBatches extends LocalWork {
  readonly batchSize: number;
}

/** K_i: the optimiser steps of a device's round, E · ceil(n_i / B) (fedpeptao.md §1) unless their number is given. */
export function countSteps(numExamples: number, { localEpochs, localSteps, batchSize }: InBatches): number {
  return localSteps ?? localEpochs * Math.ceil(numExamples / batchSize);
}

/** What a `train` task says of how long the run's devices train. */
export function trainedFor({ localEpochs, localSteps }: LocalWork): TaskLength {
  return { epochs: localEpochs, ...(localSteps === undefined ? {} : { steps: localSteps }) };
}

/** How long a `train` task lasts, as settings say it. */
export function workOfTask({ epochs, steps }: TaskLength): LocalWork {
  return { localEpochs: epochs, localSteps: steps };
}

/** K_i of a `train` task. */
export function taskSteps(
  spec: TaskLength,
  { numExamples, batchSize }: { readonly numExamples: number; readonly batchSize: number },
): number {
  return countSteps(numExamples, { ...workOfTask(spec), batchSize });
}

/** Examples that a device goes through, each as often as it does; of given steps as if all batches were full. */
export function countSeen(numExamples: number, { localEpochs, localSteps, batchSize }: InBatches): number {
  return localSteps === undefined ? localEpochs * numExamples : localSteps * Math.min(batchSize, numExamples);
}

/** The run's local training as one task has it. */
export function trainingOfTask<Training extends { readonly localEpochs: number; readonly batchSize: number; readonly localSteps?: number }>(
  { localSteps: _, ...training }: Training,
  { epochs, steps }: TaskLength,
  { batchSize }: { readonly batchSize: number },
): Omit<Training, "localSteps"> & { readonly localSteps?: number } {
  return { ...training, localEpochs: epochs, batchSize, ...(steps === undefined ? {} : { localSteps: steps }) };
}
