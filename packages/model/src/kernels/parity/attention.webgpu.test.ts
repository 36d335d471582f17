import * as tf from "@tensorflow/tfjs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startBackend } from "../../backends.ts";
import { countGpu, runningGpuDevice } from "../../gpu/gpuCounters.ts";
import { provideNodeGpu } from "../../gpu/nodeGpu.ts";
import { rowStarts } from "../attention.ts";
import { withVariant } from "../webgpu/traits.ts";
import { type AttentionExample, type AttentionOperands, attendOnGpu, attentionCases, drawOperands, numRowsOf } from "./attention.ts";

let hasGpu = false;
/** A software adapter compiles workgroup memory word by word: seconds for each size of a head on a busy machine. */
const compilingMs = 90_000;

// one device for all, so that cases share their pipelines
beforeAll(async () => {
  hasGpu = await provideNodeGpu();
  if (!hasGpu) return;
  await startBackend("webgpu");
}, compilingMs);

beforeEach((context) => {
  if (!hasGpu) context.skip("skipped: no WebGPU adapter for Node");
});

describe.each(["registers", "shared"] as const)("with %s", (variant) => {
  test.each(attentionCases.map(({ name, ...rest }) => [name, rest] as const))(
    "%s: as in float64, and no tensor left",
    async (_, { tolerance, worstError }) => {
      const before = tf.memory();
      expect(await withVariant(variant, worstError)).toBeLessThan(tolerance);
      const { numTensors, numDataBuffers } = tf.memory();
      expect({ numTensors, numDataBuffers }).toEqual({ numTensors: before.numTensors, numDataBuffers: before.numDataBuffers });
    },
    compilingMs,
  );

  test.each([twice, { ...twice, isCausal: true }])(
    "the same numbers give the same bits, and a text's own are the same alone and first, between and last in other batches, even of NaN (causal: $isCausal)",
    async (example) => {
      const operands = drawOperands(example);
      const run = (lengths: readonly number[], given: AttentionOperands) =>
        withVariant(variant, () => attendOnGpu({ ...example, lengths }, given));
      const all = await run(example.lengths, operands);
      expect(await run(example.lengths, operands)).toEqual(all);
      for (const texts of [[0], [1, 0], [2, 1, 0, 1], [1, 2]]) {
        const given = { ...operands, qkv: rowsOf(operands.qkv, texts), dy: rowsOf(operands.dy, texts) };
        const { y, dQkv } = await run(
          texts.map((text) => example.lengths[text]),
          given,
        );
        expect({ y, dQkv }).toEqual({ y: rowsOf(all.y, texts), dQkv: rowsOf(all.dQkv, texts) });
      }
      const [start, end] = [example.lengths[0], example.lengths[0] + example.lengths[1]].map(
        (row) => row * (operands.qkv.length / numRowsOf(twice)),
      );
      const spoiled = operands.qkv.map((value, i) => (i < start || i >= end ? Number.NaN : value));
      const besideNaN = await run(example.lengths, { ...operands, qkv: spoiled });
      expect([rowsOf(besideNaN.y, [1]), rowsOf(besideNaN.dQkv, [1])]).toEqual([rowsOf(all.y, [1]), rowsOf(all.dQkv, [1])]);
    },
    compilingMs,
  );

  test(
    "other lengths, batches and prefixes compile nothing, and a pass takes 1 and 3 dispatches",
    async () => {
      const run = (example: AttentionExample) => withVariant(variant, () => attendOnGpu(example, drawOperands(example)));
      await run(twice);
      const counted = countGpu(runningGpuDevice());
      await run({ ...twice, numPrefix: 9, isCausal: true, lengths: [8, 3, 19, 2] });
      counted.stop();
      // one pass and both kinds of gradient, of 3 and of 2
      expect(counted).toMatchObject({ pipelines: 0, dispatches: 6 });
    },
    compilingMs,
  );
});

const twice: AttentionExample = {
  numHeads: 4,
  numKeyValueHeads: 2,
  headSize: 16,
  numPrefix: 5,
  isCausal: false,
  lengths: [4, 37, 9], // 37 makes several blocks of queries and of keys
};

/** Of a matrix with the rows of `twice` those of some texts, one after the other. */
function rowsOf(matrix: Float32Array, texts: readonly number[]): Float32Array {
  const width = matrix.length / numRowsOf(twice);
  const starts = rowStarts(twice.lengths);
  return Float32Array.from(texts.flatMap((text) => [...matrix.subarray(starts[text] * width, starts[text + 1] * width)]));
}
