import * as tf from "@tensorflow/tfjs";
import { beforeEach, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
import type { LayerSizes } from "./kernelCases.ts";
import { measureKernels, measurePeaks } from "./measureKernels.ts";
import { countDispatches, measureMemory } from "./measureStep.ts";
import { randomBackbone } from "./shapes.ts";

let isStarted = false;

beforeEach(async (context) => {
  if (isStarted) return;
  if (!(await provideNodeGpu())) return context.skip("skipped: no WebGPU adapter for Node");
  await startBackend("webgpu");
  isStarted = true;
});

/** The first to run on a software adapter compiles for seconds. */
const timeout = 60_000;

const layer: LayerSizes = {
  width: 48,
  intermediate: 80,
  numHeads: 3,
  numKeyValueHeads: 3,
  numTexts: 2,
  numTokens: 5,
  vocabSize: 70,
  encoding: "int8",
  isGated: false,
};

test.each([layer, { ...layer, encoding: "int4", numKeyValueHeads: 1, isGated: true } as const])(
  "every kind of dispatch of a layer is timed, and nothing stays on the device",
  async (sizes) => {
    const before = tf.memory().numTensors;
    const peaks = await measurePeaks(16, 10);
    const measured = await measureKernels(sizes, peaks, 100);
    expect(measured.filter(({ ms }) => ms === null).map(({ name, reason }) => `${name}: ${reason}`)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  },
  timeout,
);

test.each([["roberta", 20] as const, ["gpt2", 20] as const, ["llama", 26] as const])(
  "a layer of ours takes few dispatches in a step of %s, and the second step compiles nothing",
  async (family, atMost) => {
    const { perLayer, readbacks, pipelines } = await countDispatches(family, "own");
    expect(perLayer).toBeGreaterThan(8); // the products alone
    expect(perLayer).toBeLessThanOrEqual(atMost);
    expect({ readbacks, pipelines }).toEqual({ readbacks: 0, pipelines: 0 });
  },
  timeout,
);

test("the weights take on the GPU what they take on disk", async () => {
  const shape = { family: "gpt2", hiddenSize: 64, intermediateSize: 128, numLayers: 2, numHeads: 4, vocabSize: 96 } as const;
  const { weightBytes, packedBytes } = await measureMemory(randomBackbone(shape, "int8"), { numTexts: 2, numTokens: 8 });
  expect(weightBytes / packedBytes).toBeGreaterThan(0.99);
  expect(weightBytes / packedBytes).toBeLessThan(1.1);
});
