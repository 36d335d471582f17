import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { beforeEach, expect, test } from "vitest";
import { packingFor, packTensor, tensorEncodings, unpackTensor } from "../backbone/pack.ts";
import { startBackend } from "../backends.ts";
import { countGpu, runningGpuDevice } from "../testing/gpuCounters.ts";
import { provideNodeGpu } from "../testing/nodeGpu.ts";
import { relativeError } from "../verify/relativeError.ts";
import {
  createPackedLinear,
  interleavePacked,
  type PackedLinear,
  packedLinear,
  packedLinearGradient,
  stackPacked,
} from "./packedLinear.ts";
import { withVariant } from "./webgpu/traits.ts";

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

test.each(tensorEncodings)("two matrices packed as %s interleave row by row", (encoding) => {
  const parts = [0, 1].map(() => packTensor([5, 70], draw(5 * 70), packingFor(encoding)));
  const together = interleavePacked(parts[0], parts[1]);
  if (together === null) throw new Error("parts packed alike interleave");
  expect(together.shape).toEqual([10, 70]);
  const [gate, up, both] = [...parts, together].map(unpackTensor);
  for (let row = 0; row < 10; row++) {
    const source = row % 2 === 0 ? gate : up;
    const j = Math.floor(row / 2);
    expect(both.subarray(row * 70, (row + 1) * 70)).toEqual(source.subarray(j * 70, (j + 1) * 70));
  }
});

test.each(["registers", "shared"] as const)(
  "with %s a row's product has the same bits in any batch, and more rows compile nothing",
  async (variant) => {
    const [numIn, numOut] = [132, 76];
    const weight = packTensor([numOut, numIn], draw(numOut * numIn), packingFor("int8"));
    const map = createPackedLinear(weight, { shape: [numOut], data: draw(numOut) });
    const x = draw(41 * numIn);
    const dy = draw(41 * numOut);
    const run = (numRows: number) =>
      withVariant(variant, async () => {
        const [left, above] = [tf.tensor2d(x, [41, numIn]), tf.tensor2d(dy, [41, numOut])];
        const results = [packedLinear(left, map, { numRows, epilogue: "gelu" }), packedLinearGradient(above, map, { numRows })];
        const numbers = await Promise.all(results.map((result) => result.data<"float32">()));
        tf.dispose([left, above, ...results]);
        return numbers;
      });
    const all = await run(41);
    const counted = countGpu(runningGpuDevice());
    const some = await run(19);
    expect(counted).toMatchObject({ pipelines: 0, shaderModules: 0, dispatches: 2 });
    counted.stop();
    expect(some).toEqual([all[0].subarray(0, 19 * numOut), all[1].subarray(0, 19 * numIn)]);
    const one = await run(1);
    expect(one).toEqual([all[0].subarray(0, numOut), all[1].subarray(0, numIn)]);
    release(map);
  },
);

test("matrices packed in different ways neither stack nor interleave", () => {
  const [int8, int4] = (["int8", "int4"] as const).map((encoding) => packTensor([2, 64], draw(128), packingFor(encoding)));
  expect(stackPacked([int8, int4])).toBeNull();
  expect(stackPacked([int8, { ...int8, groupSize: 32 }])).toBeNull();
  expect(interleavePacked(int8, int4)).toBeNull();
  expect(interleavePacked(int8, { ...int8, groupSize: 32 })).toBeNull();
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
