import { presets, type RunSettings } from "@tutti/core";
import { type TunedParameters, tunedParameters } from "../tuned.ts";
import { withTinyWords } from "./tinyWords.ts";

/** A small run: 3 layers of 2 × 2 × 4, a linear head of 3 classes, 4 devices of which 2 train in a round. */
export function tinyRun(changes: Partial<RunSettings> = {}): RunSettings {
  const { strategy, tuning, training } = presets.demo;
  return {
    ...presets.demo,
    backbone: "tiny",
    numDevices: 4,
    minDevices: 2,
    cohortSize: 2,
    numRounds: 3,
    evaluateEvery: 2,
    deadlineMs: null,
    quorum: 0.5,
    tuning: { ...tuning, promptTokens: 2 },
    training: { ...training, localEpochs: 2, batchSize: 4 },
    strategy: "countingRounds" in strategy ? { ...strategy, countingRounds: 1, probeDevices: 2, lanczosSteps: 5 } : strategy,
    ...changes,
  };
}

/** FedAvg alone: one train step a round, no stages before. */
export function tinyFedAvg(changes: Partial<RunSettings> = {}): RunSettings {
  return tinyRun({ strategy: { name: "fedAvg", fineTuneEpochs: 0 }, numRounds: 4, evaluateEvery: 4, ...changes });
}

/** What `tinyRun` trains. */
export function tinyTuned(run: RunSettings): TunedParameters {
  return withTinyWords(tunedParameters(run, { numLayers: 3, hiddenSize: 5, keyValueWidth: 4 }, 3), run);
}
