import * as tf from "@tensorflow/tfjs";
import { addSigns, type Movement } from "@tutti/core";
import { expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
import { movesInPlace, moveVector } from "./moveSigns.ts";

const start = (length: number) => Float32Array.from({ length }, (_, i) => Math.fround(Math.sin(i) / 3));
const movements: readonly Movement[] = [
  { seed: 0, amount: 2 ** -11 },
  { seed: 0xfedcba98, amount: -0.1 },
  { seed: 4095, amount: 1 / 3 },
];
/** Ranges that begin and end within words of signs, and one of whole words. */
const ranges = [
  { offset: 0, length: 4096 },
  { offset: 5, length: 7 },
  { offset: 31, length: 300 },
  { offset: 1_000_003, length: 129 },
];

async function movedOn(backend: "cpu" | "wasm" | "webgpu"): Promise<Float32Array[]> {
  await startBackend(backend);
  expect([backend, movesInPlace()]).toEqual([backend, backend !== "cpu"]);
  const { numTensors } = tf.memory();
  const results: Float32Array[] = [];
  for (const { offset, length } of ranges) {
    let values = tf.tensor1d(start(length));
    for (const movement of movements) values = moveVector(values, movement, offset);
    results.push((await values.data()) as Float32Array);
    values.dispose();
  }
  expect(tf.memory().numTensors).toBe(numTensors);
  return results;
}

test("perturbations are the same bits on cpu, WASM and WebGPU, wherever a range begins and ends (P-223)", async (context) => {
  const expected = ranges.map(({ offset, length }) => {
    const values = start(length);
    for (const { seed, amount } of movements) addSigns(values, amount, { seed, offset });
    return values;
  });
  expect(await movedOn("cpu")).toEqual(expected);
  expect(await movedOn("wasm")).toEqual(expected);
  if (!(await provideNodeGpu())) return context.skip("skipped: no WebGPU adapter for Node");
  expect(await movedOn("webgpu")).toEqual(expected);
});
