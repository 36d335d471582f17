import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { relativeError } from "../verify/relativeError.ts";
import { type BlockPlan, blockGradient, blockMaps } from "./blockMaps.ts";
import { chooseKernels } from "./fusedKernels.ts";
import { linear, linearGradient } from "./linear.ts";

/** A whole matrix, one in the middle of zeros, one that begins within eight rows and columns, and a scaled one; biases shorter than their maps. */
const plan: BlockPlan = {
  numUnits: 2,
  numValues: 16 * 24 + 13 + 8 * 8 + 5 * 7 + 8 * 16 + 40,
  maps: [
    {
      numIn: 24,
      numOut: 16,
      blocks: [{ start: 0, row: 0, column: 0, numRows: 16, numColumns: 24, factor: 1 }],
      bias: { start: 384, size: 13 },
    },
    {
      numIn: 16,
      numOut: 40,
      blocks: [
        { start: 397, row: 8, column: 8, numRows: 8, numColumns: 8, factor: 1 },
        { start: 461, row: 18, column: 3, numRows: 5, numColumns: 7, factor: 1 },
        { start: 496, row: 32, column: 0, numRows: 8, numColumns: 16, factor: 0.3 },
      ],
      bias: { start: 624, size: 40 },
    },
  ],
};
const numRows = 15;

const random = createRandom(31).stream({ purpose: "blocks" });
const draw = (...shape: number[]) => tf.randomNormal(shape, 0, 1, "float32", random.integer(1000));
const [values, x, middle, dMiddle, dy] = [[2 * plan.numValues], [numRows, 24], [numRows, 16], [numRows, 16], [numRows, 40]];

beforeAll(async () => {
  await startBackend("wasm");
});

/** The numbers of `run` with our own kernels and with the library's alone. */
async function bothWays(run: () => tf.Tensor): Promise<[Float32Array, Float32Array]> {
  const own = tf.tidy(run);
  chooseKernels("plain");
  const plain = tf.tidy(run);
  chooseKernels("fast");
  const numbers = [await own.data<"float32">(), await plain.data<"float32">()] as [Float32Array, Float32Array];
  tf.dispose([own, plain]);
  return numbers;
}

test.each([
  { name: "a whole matrix", map: 0, unit: 1, input: x, output: dMiddle },
  { name: "blocks among zeros", map: 1, unit: 1, input: middle, output: dy },
])("products with trained values on WASM are those of the library's: $name", async ({ map, unit, input, output }) => {
  const [vector, left, right] = [draw(...values) as tf.Tensor1D, draw(...input) as tf.Tensor2D, draw(...output) as tf.Tensor2D];
  const own = () => blockMaps(vector, plan)[unit][map];
  const layout = tf.tidy(() => {
    const made = own();
    return made.layout === "unpacked" ? made.forward.layout : made.layout;
  });
  expect(layout).toBe("panels");
  for (const run of [() => linear(left, own()), () => linearGradient(right, own())]) {
    const [found, expected] = await bothWays(run);
    expect(relativeError(found, expected)).toBeLessThan(1e-6); // sums of at most 40 terms in f32
  }
  tf.dispose([vector, left, right]);
});

test("the gradients of trained values on WASM are those of the library's, in their places", async () => {
  const [a, b, c, d] = [x, middle, dMiddle, dy].map((shape) => draw(...shape) as tf.Tensor2D);
  const uses = [
    { x: a, dy: c },
    { x: b, dy: d },
  ];
  const before = tf.memory();
  const [found, expected] = await bothWays(() => blockGradient(plan, uses, numRows));
  expect(tf.memory()).toEqual(before);
  expect(found).toHaveLength(plan.numValues);
  expect(relativeError(found, expected)).toBeLessThan(1e-6); // sums of 15 terms in f32
  tf.dispose([a, b, c, d]);
});
