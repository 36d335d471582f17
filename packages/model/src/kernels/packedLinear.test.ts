import * as tf from "@tensorflow/tfjs";
import { createRandom, packingFor, packTensor, tensorEncodings, unpackTensor } from "@tutti/core";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { countGpu, runningGpuDevice } from "../gpu/gpuCounters.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
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

let hasGpu = false;

beforeAll(async () => {
  hasGpu = await provideNodeGpu();
  if (hasGpu) await startBackend("webgpu");
});

beforeEach((context) => {
  if (!hasGpu) context.skip("skipped: no WebGPU adapter for Node");
});

function release(map: PackedLinear): void {
  tf.dispose(map.bias === null ? [map.words] : [map.words, map.bias]);
}

test.each(tensorEncodings)("matrices packed as %s stack one above the other", (encoding) => {
  const parts = [13, 7, 9].map((height) => packTensor([height, 70], draw(height * 70), packingFor(encoding)));
  const stacked = stackPacked(parts);
  if (stacked === null) throw new Error("parts packed alike stack");
  expect(stacked.shape).toEqual([29, 70]);
  expect(unpackTensor(stacked)).toEqual(Float32Array.from(parts.flatMap((part) => [...unpackTensor(part)])));
});

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
    const product = tf.tidy(() => packedLinear(tf.tensor2d(x, [1, 64]), map));
    const expected = [0, 1, 2].map((out) => x.reduce((sum, value, k) => sum + value * plain[out * 64 + k], 0));
    expect(relativeError(await product.data<"float32">(), expected)).toBeLessThan(1e-6); // f32 sums against float64
    product.dispose();
    release(map);
  }
});
