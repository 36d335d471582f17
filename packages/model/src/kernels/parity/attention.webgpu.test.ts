import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startBackend } from "../../backends.ts";
import { provideNodeGpu } from "../../testing/nodeGpu.ts";
import { attentionKernels } from "../webgpu/attention.ts";
import type { KernelAttributes, KernelInputs } from "../webgpu/gpuKernel.ts";
import { gpuTraits, withVariant } from "../webgpu/traits.ts";
import { type AttentionExample, attendOnGpu, attentionCases, drawOperands } from "./attention.ts";

let hasGpu = false;

// one device for all, so that cases share their pipelines
beforeAll(async () => {
  hasGpu = await provideNodeGpu();
  if (!hasGpu) return;
  await startBackend("webgpu");
  const kernels = attentionKernels({ backend: tf.backend() as WebGPUBackend, traits: gpuTraits });
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, "webgpu") !== undefined) tf.unregisterKernel(kernelName, "webgpu");
    tf.registerKernel({
      kernelName,
      backendName: "webgpu",
      kernelFunc: ({ inputs, attrs }) => kernel(inputs as KernelInputs, (attrs ?? {}) as KernelAttributes),
    });
  }
});

beforeEach((context) => {
  if (!hasGpu) context.skip("skipped: no WebGPU adapter for Node");
});

describe.each(["registers", "shared"] as const)("with %s", (variant) => {
  test.each(attentionCases)("$name is that in float64", async ({ tolerance, worstError }) => {
    const before = tf.memory();
    expect(await withVariant(variant, worstError)).toBeLessThan(tolerance);
    const { numTensors, numDataBuffers } = tf.memory();
    expect({ numTensors, numDataBuffers }).toEqual({ numTensors: before.numTensors, numDataBuffers: before.numDataBuffers });
  });

  test("the same numbers give the same bits", async () => {
    const example: AttentionExample = {
      numHeads: 4,
      numKeyValueHeads: 2,
      headSize: 16,
      numTokens: 11,
      numPrefix: 5,
      isCausal: false,
      lengths: [11, 4, 9],
    };
    const operands = drawOperands(example);
    const run = () => withVariant(variant, () => attendOnGpu(example, operands));
    expect(await run()).toEqual(await run());
  });
});
