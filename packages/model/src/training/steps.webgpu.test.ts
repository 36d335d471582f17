import * as tf from "@tensorflow/tfjs";
import type { WebGPUMemoryInfo } from "@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu.js";
import { createRandom, initialParams, type TrainingSettings, type TunedMethod } from "@tutti/core";
import { expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { type BackboneShape, randomBackbone } from "../bench/shapes.ts";
import { countGpu, runningGpuDevice } from "../gpu/gpuCounters.ts";
import { shareGpu } from "../testing/sharedGpu.ts";
import { createTuner } from "../tuning/createTuner.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { adamWStep, startAdamW } from "./adamWTensors.ts";
import type { Tuned } from "./gradient.ts";
import { trainLocally } from "./localTraining.ts";
import type { EncodedExample } from "./objective.ts";

shareGpu();

const batchSize = 4;
const words = [5, 7];

/** So many that values and moments together are 1,000 numbers: the library takes fewer through the CPU in the first step. */
const promptTokens = 12;

const prefix: TunedMethod = { method: "prefix", promptTokens, head: "labelWords" };

const full: TunedMethod = { method: "full", head: "labelWords" };

/** A narrow random backbone with something to train. */
function tunedOf(family: BackboneShape["family"], numLayers: number, tuning: TunedMethod = prefix): Tuned {
  const { head } = tuning;
  const sizes = { hiddenSize: 32, intermediateSize: 48, numHeads: 2, numKeyValueHeads: 1, vocabSize: 64 };
  const transformer = createTransformer(randomBackbone({ family, numLayers, ...sizes }, "int8"));
  const layout = tunedLayout(transformer.config, tuning, words.length);
  return {
    transformer,
    tuner: createTuner(transformer, tuning, { random: createRandom(5) }),
    layout,
    objective: head === "linear" ? { head, numClasses: words.length } : { head, lossOver: "vocabulary", words },
    positionsAfterPrefix: false,
  };
}

/** Texts of these lengths, of random tokens. */
function textsOf(lengths: readonly number[]): EncodedExample[] {
  const random = createRandom(7).stream({ purpose: "texts" });
  return lengths.map((length, i) => {
    const ids = Array.from({ length }, () => 8 + random.integer(50));
    return { ids, maskPosition: length - 1, label: i % words.length };
  });
}

/** 39 batches of texts of 2 to 40 tokens, and one text that is an epoch's last batch by itself; shuffled, so that no two batches are alike. */
const mixed = textsOf(Array.from({ length: 39 * batchSize + 1 }, (_, i) => 2 + ((i * i) % 39)));

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
async function countStep(family: BackboneShape["family"], numLayers: number, tuning = prefix) {
  const tuned = tunedOf(family, numLayers, tuning);
  const examples = textsOf([13, 12, 11, 10]);
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

test.each([
  ["llama", "lora", 23, { method: "lora", rank: 4, alpha: 8, head: "labelWords" }],
  ["roberta", "adapter", 29, { method: "adapter", bottleneck: 6, head: "labelWords" }],
  ["roberta", "inputPrompt", 17, { method: "inputPrompt", promptTokens: 16, initial: "normal", head: "labelWords" }],
] as const)(
  "a layer of %s with %s costs at most %i dispatches in a training step, and other lengths and a smaller batch compile nothing",
  { timeout: 120_000 },
  async (family, _, most, tuning) => {
    const [two, three] = [await countStep(family, 2, tuning), await countStep(family, 3, tuning)];
    expect(three.dispatches - two.dispatches).toBeLessThanOrEqual(most);
    expect(three.dispatches - two.dispatches).toBeGreaterThan(10);
    const tuned = tunedOf(family, 2, tuning);
    const counted = countGpu(runningGpuDevice());
    await train(tuned, { examples: mixed.slice(0, 5 * batchSize + 1) });
    counted.stop();
    tuned.transformer.dispose();
    expect(three.pipelines + counted.pipelines).toBe(0);
  },
);

test.each([
  ["roberta", ["q", "k", "v", "o", "up", "down"], 38],
  ["llama", ["q", "k", "v", "o", "up", "gate", "down"], 46],
] as const)(
  "a layer of %s costs at most 6 dispatches more with LoRA beside queries and values than with prefixes, and beside %j at most %i",
  { timeout: 120_000 },
  async (family, targets, most) => {
    const perLayer = async (tuning: TunedMethod) => {
      const [two, three] = [await countStep(family, 2, tuning), await countStep(family, 3, tuning)];
      expect(three.pipelines).toBe(0);
      return three.dispatches - two.dispatches;
    };
    const lora: TunedMethod = { method: "lora", rank: 4, alpha: 8, head: "labelWords" };
    const [beside, usual, all, dropping] = [
      await perLayer(prefix),
      await perLayer(lora),
      await perLayer({ ...lora, targets, ranks: { k: 2 } }),
      await perLayer({ ...lora, dropout: 0.1 }),
    ];
    expect(usual - beside).toBeLessThanOrEqual(6);
    expect(dropping - usual).toBeLessThanOrEqual(2); // once there and once back
    expect(all).toBeLessThanOrEqual(most);
  },
);

test.each(["roberta", "llama"] as const)(
  "with all weights trained a layer of %s costs at most 30 dispatches in a training step, AdamW and its clipping 2 for all layers",
  { timeout: 120_000 },
  async (family) => {
    const [one, two] = [await countStep(family, 1, full), await countStep(family, 2, full)];
    expect(two.dispatches - one.dispatches).toBeGreaterThan(15);
    expect(two.dispatches - one.dispatches).toBeLessThanOrEqual(30);
    expect(two.pipelines).toBe(0);
    const counted = countGpu(runningGpuDevice());
    tf.dispose(adamWStep(startAdamW(new Float32Array(5000)), tf.ones([5000]), { learningRate: 0.1, weightDecay: 0, clipNorm: 1 }).planes);
    counted.stop();
    expect(counted.dispatches).toBe(2);
  },
);

test("training on answers of any length compiles nothing after the first batch", { timeout: 120_000 }, async () => {
  const lora: TunedMethod = { method: "lora", rank: 4, alpha: 8, head: "labelWords" };
  const tuned: Tuned = { ...tunedOf("gpt2", 1, lora), objective: { head: "answer" } };
  const answered = (texts: readonly EncodedExample[]) =>
    texts.map((text, i) => ({ ...text, answer: { start: 1 + ((5 * i) % (text.ids.length - 1)), numBytes: 1 } }));
  await train(tuned, { examples: answered(textsOf([9, 4, 6, 5])) });
  const counted = countGpu(runningGpuDevice());
  const { numSteps } = await train(tuned, { examples: answered(mixed.slice(0, 10 * batchSize + 1)) });
  counted.stop();
  expect(counted).toMatchObject({ pipelines: 0, shaderModules: 0 });
  expect(counted.readbacks).toBeLessThanOrEqual(numSteps);
  tuned.transformer.dispose();
});

/** Counts and bytes of what is alive on the GPU, and with what the pool keeps for reuse. */
function memory() {
  const { numTensors, numDataBuffers, numBytesInGPU, numBytesAllocatedInGPU } = tf.memory() as tf.MemoryInfo & WebGPUMemoryInfo;
  return { numTensors, numDataBuffers, numBytesInGPU, numBytesAllocatedInGPU };
}

test.each([
  { family: "roberta", head: "labelWords" },
  { family: "roberta", head: "linear" },
  { family: "llama", head: "labelWords" },
] as const)(
  "after its first batch a $family ($head) compiles nothing whatever the lengths, reads at most once a step, and holds as much after 200 steps as after 100",
  { timeout: 120_000 },
  async ({ family, head }) => {
    const tuned = tunedOf(family, 1, { ...prefix, head });
    await train(tuned, { examples: textsOf([9, 4, 6, 5]) });
    const held = new Map<number, ReturnType<typeof memory>>();
    const counted = countGpu(runningGpuDevice());
    const { numSteps } = await train(tuned, { examples: mixed, localEpochs: 5, onStep: ({ step }) => held.set(step, memory()) });
    counted.stop();
    expect(numSteps).toBe(200);
    expect(counted).toMatchObject({ pipelines: 0, shaderModules: 0 });
    expect(counted.readbacks).toBeLessThanOrEqual(numSteps);
    const [early, late] = [held.get(100), held.get(200)];
    if (early === undefined || late === undefined) throw new Error("steps 100 and 200 were expected to be told");
    expect(late).toEqual({ ...early, numBytesAllocatedInGPU: late.numBytesAllocatedInGPU });
    expect(late.numBytesInGPU).toBeGreaterThan(0);
    expect(late.numBytesAllocatedInGPU / early.numBytesAllocatedInGPU).toBeLessThan(1.01); // sizes that seldom meet
    tuned.transformer.dispose();
  },
);
