import { createTensor, type Params } from "../params.ts";
import type { RunSettings } from "../run.ts";
import type { TunedShape } from "../tunings/tuned.ts";
import { testRun } from "./run.ts";

/** The factors (rows of numbers) of one weight's difference, under the names that LoRA's tuning gives them. */
export interface TestFactors {
  readonly b: readonly (readonly number[])[];
  readonly a: readonly (readonly number[])[];
}

/** Parameters of one LoRA pair, and a bias of the head where there is one. */
export function factorsOf({ b, a }: TestFactors, bias?: readonly number[]): Params {
  const matrix = (rows: readonly (readonly number[])[], name: string) =>
    createTensor([rows.length, rows[0].length], Float32Array.from(rows.flat()), name);
  const head = bias === undefined ? {} : { "head/bias": createTensor([bias.length], Float32Array.from(bias)) };
  return { "lora/0/query/a": matrix(a, "a"), "lora/0/query/b": matrix(b, "b"), ...head };
}

/** One LoRA pair and a bias that always travels. */
export const loraShape: TunedShape = { numLayers: 1, layerNames: [["lora/0/query/a", "lora/0/query/b"]], alwaysShared: ["head/bias"] };

/** A small run in f32 that tunes LoRA, with two devices in each round. */
export function loraRun(changes: Partial<Omit<RunSettings, "strategy">> = {}) {
  const tuning = {
    method: "lora",
    rank: 2,
    alpha: 4,
    promptDropout: 0,
    positionsAfterPrefix: false,
    head: "linear",
    lossOver: "labelWords",
  } as const;
  return testRun({ numDevices: 2, minDevices: 2, cohortSize: 2, numRounds: 3, evaluateEvery: 3, tuning, ...changes });
}
