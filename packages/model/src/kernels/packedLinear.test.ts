import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { beforeEach, expect, test } from "vitest";
import { packingFor, packTensor, tensorEncodings, unpackTensor } from "../backbone/pack.ts";
import { startBackend } from "../backends.ts";
import { provideNodeGpu } from "../testing/nodeGpu.ts";
import { relativeError } from "../verify/relativeError.ts";
import { createPackedLinear, type PackedLinear, packedLinear, packedLinearGradient, stackPacked } from "./packedLinear.ts";

const random = createRandom(3).stream({ purpose: "packed linear" });
const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());

beforeEach(async (context) => {
  if (!(await provideNodeGpu())) context.skip("skipped: no WebGPU adapter for Node");
  await startBackend("webgpu");
});

/** left (rows, inner) times right (inner, columns) in float64. */
function times(left: Float32Array, right: (inner: number, column: number) => number, [rows, inner, columns]: readonly number[]): number[] {
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += left[row * inner + k] * right(k, column);
    return sum;
  });
}

/** Both directions twice on the GPU: the numbers, and whether the bits were the same. */
async function onGpu(map: PackedLinear, x: Float32Array, dy: Float32Array, rows: number) {
  const { numIn, numOut } = map.form;
  const run = () =>
    tf.tidy(() => [packedLinear(tf.tensor2d(x, [rows, numIn]), map), packedLinearGradient(tf.tensor2d(dy, [rows, numOut]), map)]);
  const tensors = [...run(), ...run()];
  const [y, dx, ...again] = await Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
  tf.dispose(tensors);
  expect(again).toEqual([y, dx]);
  return { y, dx };
}

function release(map: PackedLinear): void {
  tf.dispose(map.bias === null ? [map.words] : [map.words, map.bias]);
}

// whole words; odd widths, groups that end within a row and values that end within a word; a row or two; long inner sums
const sizes = [
  { rows: 9, numIn: 136, numOut: 20 },
  { rows: 5, numIn: 67, numOut: 11 },
  { rows: 1, numIn: 4, numOut: 7 },
  { rows: 2, numIn: 1031, numOut: 6 },
  { rows: 37, numIn: 8, numOut: 33 },
];

test.each(tensorEncodings)(
  "products with a matrix packed as %s are those with the unpacked one, both ways, the same bits twice",
  async (encoding) => {
    const before = tf.memory().numTensors;
    for (const { rows, numIn, numOut } of sizes) {
      const weight = packTensor([numOut, numIn], draw(numOut * numIn), packingFor(encoding));
      const plain = unpackTensor(weight);
      const [x, dy, bias] = [draw(rows * numIn), draw(rows * numOut), draw(numOut)];
      const map = createPackedLinear(weight, { shape: [numOut], data: bias });
      const { y, dx } = await onGpu(map, x, dy, rows);
      const product = times(x, (k, out) => plain[out * numIn + k], [rows, numIn, numOut]).map((value, i) => value + bias[i % numOut]);
      expect(relativeError(y, product)).toBeLessThan(1e-6); // f32 sums against float64
      expect(
        relativeError(
          dx,
          times(dy, (out, k) => plain[out * numIn + k], [rows, numOut, numIn]),
        ),
      ).toBeLessThan(1e-6);
      release(map);
    }
    expect(tf.memory().numTensors).toBe(before);
  },
);

test.each(tensorEncodings)(
  "matrices packed as %s one above the other are products side by side, the first with its factor",
  async (encoding) => {
    const [rows, numIn, numOut, factor] = [3, 70, 29, 1 / Math.sqrt(3)];
    const heights = [13, 7, 9];
    const parts = heights.map((height) => packTensor([height, numIn], draw(height * numIn), packingFor(encoding)));
    const stacked = stackPacked(parts);
    if (stacked === null) throw new Error("parts packed alike stack");
    const plain = parts.flatMap((part, i) => [...unpackTensor(part)].map((value) => (i === 0 ? factor * value : value)));
    expect(unpackTensor(stacked)).toEqual(Float32Array.from(parts.flatMap((part) => [...unpackTensor(part)])));
    const map = createPackedLinear(stacked, null, { scaledRows: { count: 13, factor } });
    const [x, dy] = [draw(rows * numIn), draw(rows * numOut)];
    const { y, dx } = await onGpu(map, x, dy, rows);
    expect(
      relativeError(
        y,
        times(x, (k, out) => plain[out * numIn + k], [rows, numIn, numOut]),
      ),
    ).toBeLessThan(1e-6);
    expect(
      relativeError(
        dx,
        times(dy, (out, k) => plain[out * numIn + k], [rows, numOut, numIn]),
      ),
    ).toBeLessThan(1e-6);
    release(map);
  },
);

test("matrices packed in different ways do not stack", () => {
  const [int8, int4] = (["int8", "int4"] as const).map((encoding) => packTensor([2, 64], draw(128), packingFor(encoding)));
  expect(stackPacked([int8, int4])).toBeNull();
  expect(stackPacked([int8, { ...int8, groupSize: 32 }])).toBeNull();
});

test("halves too small for a normal f16 count as what they are, as weights and as scales", async () => {
  for (const encoding of ["f16", "int4", "nf4"] as const) {
    const values = draw(3 * 64).map((value) => value * 2e-5);
    const weight = packTensor([3, 64], values, packingFor(encoding));
    const plain = unpackTensor(weight);
    const map = createPackedLinear(weight, null);
    const x = draw(64);
    const { y } = await onGpu(map, x, draw(3), 1);
    expect(
      relativeError(
        y,
        times(x, (k, out) => plain[out * 64 + k], [1, 64, 3]),
      ),
    ).toBeLessThan(1e-6);
    release(map);
  }
});
