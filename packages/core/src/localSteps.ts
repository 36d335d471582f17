import type { TrainingSettings } from "./settings/runConditions.ts";

/** K_i = E · ceil(n_i / B), the optimiser steps of a device's round (fedpeptao.md §1). */
export function countSteps(numExamples: number, { localEpochs, batchSize }: Pick<TrainingSettings, "localEpochs" | "batchSize">): number {
  return localEpochs * Math.ceil(numExamples / batchSize);
}
