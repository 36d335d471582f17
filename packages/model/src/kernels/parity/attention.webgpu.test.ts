import * as tf from "@tensorflow/tfjs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startBackend } from "../../backends.ts";
import { countGpu, runningGpuDevice } from "../../gpu/gpuCounters.ts";
import { provideNodeGpu } from "../../gpu/nodeGpu.ts";
import { withVariant } from "../webgpu/traits.ts";
import { type AttentionExample, type AttentionOperands, attendOnGpu, attentionCases, drawOperands } from "./attention.ts";

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

  test(
    "the same numbers give the same bits, and a text's own are the same in any batch",
    async () => {
      const operands = drawOperands(twice);
      const run = (example: AttentionExample, given: AttentionOperands) => withVariant(variant, () => attendOnGpu(example, given));
      const { y, dQkv, dPrefix } = await run(twice, operands);
      expect(await run(twice, operands)).toEqual({ y, dQkv, dPrefix });
      const [qkv, dy] = [operands.qkv.slice(0, dQkv.length / 3), operands.dy.slice(0, y.length / 3)];
      const first = await run({ ...twice, lengths: [11] }, { ...operands, qkv, dy });
      expect([first.y, first.dQkv]).toEqual([y.slice(0, y.length / 3), dQkv.slice(0, dQkv.length / 3)]);
    },
    compilingMs,
  );

  test(
    "other lengths, batches and prefixes compile nothing, and a pass takes 1 and 3 dispatches",
    async () => {
      const run = (example: AttentionExample) => withVariant(variant, () => attendOnGpu(example, drawOperands(example)));
      await run(twice);
      const counted = countGpu(runningGpuDevice());
      await run({ ...twice, numTokens: 19, numPrefix: 9, isCausal: true, lengths: [19, 3, 8, 2] });
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
  numTokens: 11,
  numPrefix: 5,
  isCausal: false,
  lengths: [11, 4, 9],
};
