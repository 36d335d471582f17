import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { chooseKernels, hasFused } from "./fusedKernels.ts";
import { meanRows, meanRowsGradient } from "./meanRows.ts";

const random = createRandom(23).stream({ purpose: "mean" });
const normal = (shape: [number, number]) =>
  tf.tensor2d(
    Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal()),
    shape,
  );

/** One row in front of each text but the first, and one behind the last, belong to no text. */
const texts = { starts: [0, 8, 10, 44], lengths: [7, 1, 33, 18] };
const numRows = 63;

beforeAll(async () => {
  await startBackend("wasm");
});

/** The numbers of `run` with our own kernels and with the library's alone. */
async function bothWays(run: () => tf.Tensor): Promise<[Float32Array, Float32Array]> {
  expect(hasFused("TuttiMeanRows")).toBe(true);
  const own = tf.tidy(run);
  chooseKernels("plain");
  const plain = tf.tidy(run);
  chooseKernels("fast");
  const numbers = [await own.data<"float32">(), await plain.data<"float32">()] as [Float32Array, Float32Array];
  tf.dispose([own, plain]);
  return numbers;
}

test.each([40, 128])("means of rows of %i are the bits that the library gives", async (width) => {
  const before = tf.memory();
  const x = normal([numRows, width]);
  const [own, plain] = await bothWays(() => meanRows(x, texts));
  expect(own).toEqual(plain);
  const numbers = await x.data();
  const third = Array.from({ length: 33 }, (_, t) => numbers[(10 + t) * width + 5]);
  expect(own[2 * width + 5]).toBeCloseTo(third.reduce((sum, value) => sum + value, 0) / 33, 6);
  x.dispose();
  expect(tf.memory()).toEqual(before);
});

test("the gradient of means gives each row its text's share, and rows of no text zero, bit for bit", async () => {
  const d = normal([4, 40]);
  const [own, plain] = await bothWays(() => meanRowsGradient(d, texts, numRows));
  expect(own).toEqual(plain);
  const numbers = await d.data();
  expect(own[12 * 40 + 3]).toBe(Math.fround(Math.fround(1 / 33) * numbers[2 * 40 + 3]));
  for (const row of [7, 9, 43, 62]) expect([...own.subarray(row * 40, (row + 1) * 40)].every((value) => value === 0)).toBe(true);
  d.dispose();
});
