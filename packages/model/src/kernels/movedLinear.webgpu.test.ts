import * as tf from "@tensorflow/tfjs";
import { createRandom, packingFor, packTensor, signAt, unpackTensor } from "@tutti/core";
import { expect, test } from "vitest";
import { shareGpu } from "../testing/sharedGpu.ts";
import { createPackedLinear, type MovedWeights, packedLinear } from "./packedLinear.ts";
import { withVariant } from "./webgpu/traits.ts";

shareGpu();

const [seed, amount] = [0xcafebabe, -0.25];

interface Case {
  readonly name: string;
  readonly encoding: "int8" | "f32";
  readonly numIn: number;
  readonly heights: readonly number[];
  /** Where the parts begin among the tuned values. */
  readonly starts: readonly number[];
  readonly isInterleaved: boolean;
  /** Of the first part, as that of queries. */
  readonly factor: number;
}

const cases: readonly Case[] = [
  {
    name: "three parts, one of them scaled",
    encoding: "int8",
    numIn: 24,
    heights: [8, 4, 4],
    starts: [512, 64, 1000],
    isInterleaved: false,
    factor: 0.5,
  },
  {
    name: "rows that end within a four, from places that do",
    encoding: "f32",
    numIn: 10,
    heights: [7],
    starts: [33],
    isInterleaved: false,
    factor: 1,
  },
  {
    name: "two parts whose rows stand in turn",
    encoding: "int8",
    numIn: 12,
    heights: [6, 6],
    starts: [5, 300],
    isInterleaved: true,
    factor: 1,
  },
];

async function worstError({ encoding, numIn, heights, starts, isInterleaved, factor }: Case): Promise<number> {
  const random = createRandom(3).stream({ purpose: "moved" });
  const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const numOut = heights.reduce((sum, height) => sum + height, 0);
  const numRows = 5;
  const packed = packTensor([numOut, numIn], normals(numOut * numIn), packingFor(encoding));
  const frozen = unpackTensor(packed);
  const [x, delta, bias] = [normals(numRows * numIn), normals(1500), normals(numOut)];
  const scaledRows = { count: factor === 1 ? 0 : (heights[0] ?? 0), factor };
  const map = createPackedLinear(packed, { shape: [numOut], data: bias }, { scaledRows });
  const moved: MovedWeights = { seed, amount, delta: tf.tensor1d(delta), starts, heights, isInterleaved };
  const product = packedLinear(tf.tensor2d(x, [numRows, numIn]), { ...map, moved });
  const found = await product.data();
  const placeOf = (row: number): number => {
    if (isInterleaved) return (starts[row % 2] ?? 0) + Math.floor(row / 2) * numIn;
    let first = 0;
    for (const [part, height] of heights.entries()) {
      if (row < first + height) return (starts[part] ?? 0) + (row - first) * numIn;
      first += height;
    }
    return 0;
  };
  let worst = 0;
  for (let row = 0; row < numRows; row++)
    for (let out = 0; out < numOut; out++) {
      let sum = 0;
      for (let i = 0; i < numIn; i++) {
        const place = placeOf(out) + i;
        const weight = (frozen[out * numIn + i] ?? 0) + ((delta[place] ?? 0) + amount * signAt(seed, place));
        sum += (x[row * numIn + i] ?? 0) * weight;
      }
      const expected = sum * (out < scaledRows.count ? factor : 1) + (bias[out] ?? 0);
      worst = Math.max(worst, Math.abs(expected - (found[row * numOut + out] ?? Number.NaN)));
    }
  return worst;
}

// each compiles a program of its own, which takes long on a software adapter
test.each([
  ["registers", cases[0]],
  ["registers", cases[2]],
  ["shared", cases[1]],
] as const)("with %s a product adds Δ and its perturbation to W (case %#)", async (variant, one) => {
  if (one === undefined) throw new Error("no such case");
  const { numTensors } = tf.memory();
  tf.engine().startScope();
  expect(await withVariant(variant, () => worstError(one))).toBeLessThan(2e-5); // sums of 24 products near 1 in f32
  tf.engine().endScope();
  expect(tf.memory().numTensors).toBe(numTensors);
});
