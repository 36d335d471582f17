import * as tf from "@tensorflow/tfjs-core";
import type { TunedEntry } from "@tutti/core";
import { afterEach, beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { laidOut } from "../tuning/layout.ts";
import { tailGradient, uploadTails } from "./tailPenalty.ts";

const entry = (name: string, shape: readonly number[]) => ({ name, shape, layer: 0, initial: { mean: 0, stdDev: 0 } }) as TunedEntry;
/** Two pairs of ranks 3 and 1, and a value that is no factor. */
const layout = laidOut([
  entry("lora/0/query/a", [3, 2]),
  entry("lora/0/query/b", [2, 3]),
  entry("lora/0/value/a", [1, 2]),
  entry("lora/0/value/b", [2, 1]),
  entry("head/bias", [1]),
]);
const a = [5, -1, 1, 2, 3, 4];
const b = [7, 1, 2, -3, 2, 4];
const values = [...a, ...b, 6, 7, 8, 9, 10];
/** λ ‖b_tail‖ ‖a_tail‖ where one component of three is kept. */
const penaltyOf = (own: readonly number[], lambda: number) => {
  const [rows, columns] = [own.slice(2, 6), [own[7], own[8], own[10], own[11]].map((value) => value ?? 0)];
  return lambda * Math.hypot(...rows) * Math.hypot(...columns);
};

beforeAll(async () => {
  await startBackend("cpu");
});
afterEach(() => expect(tf.memory().numTensors).toBe(0));

function gradientAt(given: readonly number[], pruneTo: number, penalty: number): number[] | null {
  const tails = uploadTails(layout, { pruneTo, penalty });
  if (tails === null) return null;
  const gradient = tf.tidy(() => [...tailGradient(tails, tf.tensor1d([...given, 99])).dataSync()]);
  tf.dispose([tails.ofA, tails.ofB]);
  return gradient;
}

test("the gradient is that of λ times the norms of each tail's factors, by finite differences", () => {
  const found = gradientAt(values, 0.3, 0.5) ?? []; // ⌈0.9⌉ = 1 of 3
  expect(found).toHaveLength(layout.numValues);
  for (const [i] of values.entries()) {
    const moved = (by: number) =>
      penaltyOf(
        values.map((value, j) => (j === i ? value + by : value)),
        0.5,
      );
    expect(found[i], `value ${i}`).toBeCloseTo((moved(1e-4) - moved(-1e-4)) / 2e-4, 4); // f32 of about 10
  }
  expect(found.slice(12)).toEqual([0, 0, 0, 0, 0]); // rank 1 has no tail, and the bias none
});

test("where b's tail is 0, as at the start, nothing pulls: no gradient is NaN", () => {
  const start = values.map((value, i) => (i >= 6 && i < 12 ? 0 : value));
  expect(gradientAt(start, 0.3, 0.5)?.every((value) => value === 0)).toBe(true);
});

test("where nothing would be pruned there are no tails", () => {
  expect(uploadTails(layout, { pruneTo: 1, penalty: 1 })).toBeNull();
});
