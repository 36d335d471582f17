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

/** The difference of the one weight that a device uses, by the definition: b a after its change, and the residual in whichever form. */
export function effectiveOf(params: Params, delta: Params = {}): number[] {
  const after = (factor: string) => {
    const { shape, data } = params[`lora/0/query/${factor}`];
    const change = delta[`lora/0/query/${factor}`];
    return { shape, data: Float64Array.from(data, (value, i) => value + (change?.data[i] ?? 0)) };
  };
  const { "residual/0/query/a": a, "residual/0/query/b": b, "residual/0/query/dense": dense } = params;
  const product = productOf(after("b"), after("a"));
  const beside = a === undefined || b === undefined ? [] : productOf(b, a);
  return product.map((value, i) => value + (beside[i] ?? 0) + (dense?.data[i] ?? 0));
}

/** Weighted by examples. */
export function meanOf(list: readonly (readonly number[])[], numExamples: readonly number[]): number[] {
  const total = numExamples.reduce((sum, count) => sum + count, 0);
  return list[0].map((_, i) => list.reduce((sum, values, at) => sum + (numExamples[at] * values[i]) / total, 0));
}

interface Factor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

function productOf(b: Factor, a: Factor): number[] {
  const [[numRows, rank], [, numColumns]] = [b.shape, a.shape];
  return Array.from({ length: numRows * numColumns }, (_, at) => {
    const [row, column] = [Math.floor(at / numColumns), at % numColumns];
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += b.data[row * rank + r] * a.data[r * numColumns + column];
    return sum;
  });
}
