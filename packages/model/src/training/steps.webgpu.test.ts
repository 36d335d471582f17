import * as tf from "@tensorflow/tfjs";
import type { WebGPUMemoryInfo } from "@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu.js";
import { createRandom, initialParams, type TrainingSettings, type TunedMethod } from "@tutti/core";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { type BackboneShape, randomBackbone } from "../bench/shapes.ts";
import { countGpu, runningGpuDevice } from "../gpu/gpuCounters.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
import { createFullTuner } from "../tuning/full.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createPrefixTuner } from "../tuning/prefix.ts";
import { adamWStep, startAdamW } from "./adamWTensors.ts";
import type { Tuned } from "./gradient.ts";
import { trainLocally } from "./localTraining.ts";
import type { EncodedExample } from "./objective.ts";

let hasGpu = false;

beforeAll(async () => {
  hasGpu = await provideNodeGpu();
  if (hasGpu) await startBackend("webgpu");
}, 60_000);

beforeEach((context) => {
  if (!hasGpu) context.skip("skipped: no WebGPU adapter for Node");
});

const batchSize = 4;
/** Texts of an epoch's last batch: smaller than any that compiled anything. */
const numLast = 1;
/** Longest texts of batches that are padded to 8, 16 and 24 tokens. */
const buckets = [6, 13, 22];
const words = [5, 7];

/** So many that values and moments together are 1,000 numbers: the library takes fewer through the CPU in the first step. */
const promptTokens = 12;

/** A narrow random backbone with prompts, or with all its weights, to train. */
function tunedOf(
  family: BackboneShape["family"],
  numLayers: number,
  head: "labelWords" | "linear" = "labelWords",
  method: "prefix" | "full" = "prefix",
): Tuned {
  const sizes = { hiddenSize: 32, intermediateSize: 48, numHeads: 2, numKeyValueHeads: 1, vocabSize: 64 };
  const transformer = createTransformer(randomBackbone({ family, numLayers, ...sizes }, "int8"));
  const tuning: TunedMethod = method === "full" ? { method, head } : { method, promptTokens, head };
  const layout = tunedLayout(transformer.config, tuning, words.length);
  return {
    transformer,
    tuner: method === "full" ? createFullTuner(transformer) : createPrefixTuner(transformer),
    layout,
    objective: head === "linear" ? { head, numClasses: words.length } : { head, lossOver: "vocabulary", words },
    positionsAfterPrefix: false,
  };
}

/** As many texts of random tokens, of a bucket's length and shorter. */
function textsOf(length: number, count: number): EncodedExample[] {
  const random = createRandom(length).stream({ purpose: "texts" });
  return Array.from({ length: count }, (_, i) => {
    const ids = Array.from({ length: length - (i % batchSize) }, () => 8 + random.integer(50));
    return { ids, maskPosition: ids.length - 1, label: i % words.length };
  });
}

interface Training {
  readonly examples: readonly EncodedExample[];
  readonly localEpochs?: number;
  readonly onStep?: (progress: { readonly step: number }) => void;
}

async function train(tuned: Tuned, { examples, localEpochs = 1, onStep }: Training) {
  const random = createRandom(3);
  const training: TrainingSettings = {
    localEpochs,
    batchSize,
    clientLearningRate: 0.01,
    weightDecay: 0.1,
    clipNorm: 1,
    resetMoments: true,
    optimizer: "adamW",
    proximal: 0,
  };
  return trainLocally(tuned, initialParams(tuned.layout.entries, random), examples, {
    training,
    promptDropout: 0.1,
    warmupSteps: 4,
    stageSteps: 0,
    moments: null,
    shuffle: random.stream({ purpose: "shuffle" }),
    dropout: random.stream({ purpose: "dropout" }),
    ...(onStep === undefined ? {} : { onStep }),
  });
}

/** What a whole step asks of the GPU, from the shuffled batch to AdamW, once its programs are compiled. */
async function countStep(family: BackboneShape["family"], numLayers: number, method: "prefix" | "full" = "prefix") {
  const tuned = tunedOf(family, numLayers, "labelWords", method);
  const examples = textsOf(buckets[1], batchSize);
  await train(tuned, { examples });
  const counted = countGpu(runningGpuDevice());
  await train(tuned, { examples });
  counted.stop();
  tuned.transformer.dispose();
  return { dispatches: counted.dispatches, pipelines: counted.pipelines };
}

test.each([
  ["bert", 20],
  ["roberta", 20],
  ["gpt2", 20],
  ["llama", 26],
] as const)("a layer of %s costs at most %i dispatches in a training step", { timeout: 120_000 }, async (family, most) => {
  const [two, three] = [await countStep(family, 2), await countStep(family, 3)];
  const perLayer = three.dispatches - two.dispatches;
  expect(perLayer).toBeGreaterThan(10); // or the counting is broken
  expect(perLayer).toBeLessThanOrEqual(most);
  expect(three.pipelines).toBe(0);
});

test.each(["roberta", "llama"] as const)(
  "with all weights trained a layer of %s costs at most 30 dispatches in a training step, AdamW and its clipping 2 for all layers",
  { timeout: 120_000 },
  async (family) => {
    const [one, two] = [await countStep(family, 1, "full"), await countStep(family, 2, "full")];
    expect(two.dispatches - one.dispatches).toBeGreaterThan(15);
    expect(two.dispatches - one.dispatches).toBeLessThanOrEqual(30);
    expect(two.pipelines).toBe(0);
    const counted = countGpu(runningGpuDevice());
    tf.dispose(adamWStep(startAdamW(new Float32Array(5000)), tf.ones([5000]), { learningRate: 0.1, weightDecay: 0, clipNorm: 1 }).planes);
    counted.stop();
    expect(counted.dispatches).toBe(2);
  },
);

/** Counts and bytes of what is alive on the GPU, and with what the pool keeps for reuse. */
function memory() {
  const { numTensors, numDataBuffers, numBytesInGPU, numBytesAllocatedInGPU } = tf.memory() as tf.MemoryInfo & WebGPUMemoryInfo;
  return { numTensors, numDataBuffers, numBytesInGPU, numBytesAllocatedInGPU };
}

test.each([
  { family: "roberta", head: "labelWords", early: 200, late: 1000 },
  { family: "roberta", head: "linear", early: 40, late: 120 },
  { family: "llama", head: "labelWords", early: 200, late: 1000 },
] as const)(
  "after the first step of each length a $family ($head) compiles nothing, reads at most once a step, and holds as much after $late steps as after $early",
  { timeout: 240_000 },
  async ({ family, head, early, late }) => {
    const tuned = tunedOf(family, 1, head);
    for (const length of buckets) await train(tuned, { examples: textsOf(length, batchSize) });
    const examples = buckets.flatMap((length) => textsOf(length, 13 * batchSize)); // 39 batches of mixed lengths, so every bucket comes up
    examples.push(...textsOf(buckets[0], numLast)); // and a smaller one at the end of each epoch
    const localEpochs = Math.ceil((late + 8) / 40); // losses are told eight steps at a time
    const held = new Map<number, ReturnType<typeof memory>>();
    const counted = countGpu(runningGpuDevice());
    for (const length of buckets) await train(tuned, { examples: textsOf(length, numLast) }); // fills the pool, and compiles nothing
    const { numSteps } = await train(tuned, { examples, localEpochs, onStep: ({ step }) => held.set(step, memory()) });
    counted.stop();
    expect(numSteps).toBe(40 * localEpochs);
    expect(counted).toMatchObject({ pipelines: 0, shaderModules: 0 });
    expect(counted.readbacks).toBeLessThanOrEqual(numSteps + buckets.length);
    expect(held.get(late)).toEqual(held.get(early));
    expect(held.get(late)?.numBytesInGPU).toBeGreaterThan(0);
    tuned.transformer.dispose();
  },
);
