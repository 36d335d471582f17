import * as tf from "@tensorflow/tfjs";
import type { TunedMethod } from "@tutti/core";
import type { PackedBackbone } from "../backbone/packed.ts";
import { countGpu, runningGpuDevice } from "../gpu/gpuCounters.ts";
import { chooseKernels } from "../kernels/fusedKernels.ts";
import { type ContestOptions, interleave, medianRatio, middle } from "./contest.ts";
import { type BenchBatch, type Contestant, ownContestant, prefixTuning, stockContestant } from "./contestants.ts";
import { type BackboneShape, packedBytes, randomBackbone } from "./shapes.ts";

/** Our training step beside the yardstick's and our own in plain operations. */
export interface StepMeasurement {
  /** Median over the rounds of how many times longer the others took. */
  readonly timesStock: number;
  readonly timesPlain: number;
  /** Medians. */
  readonly ownMs: number;
  readonly stockMs: number;
  readonly plainMs: number;
  readonly numRounds: number;
  /** Largest relative difference of a loss between the three, in the steps that all took. */
  readonly lossDifference: number;
}

/** Takes training steps in turns on the current backend. */
export async function measureStep(backbone: PackedBackbone, batch: BenchBatch, options: ContestOptions): Promise<StepMeasurement> {
  const contestants = [ownContestant(backbone, batch, "fast"), stockContestant(backbone, batch), ownContestant(backbone, batch, "plain")];
  const losses: number[][] = contestants.map(() => []);
  try {
    const steps = contestants.map(
      ({ step }, i) =>
        async () =>
          losses[i].push(await step()),
    );
    const [own, stock, plain] = await interleave(steps, options);
    return {
      timesStock: medianRatio(stock, own),
      timesPlain: medianRatio(plain, own),
      ownMs: middle(own),
      stockMs: middle(stock),
      plainMs: middle(plain),
      numRounds: own.length,
      lossDifference: Math.max(...losses.flatMap((list) => list.map((loss, i) => Math.abs(loss / losses[1][i] - 1)))),
    };
  } finally {
    for (const contestant of contestants) contestant.dispose();
    chooseKernels("fast");
  }
}

/** A training step of a tuning method beside one of prefix tuning. */
export interface TuningMeasurement {
  /** Median over the rounds of how many times longer the method's step took. */
  readonly timesPrefix: number;
  /** Medians. */
  readonly ownMs: number;
  readonly prefixMs: number;
  readonly numRounds: number;
}

/**
 * Takes a tuning method's steps and those of prefix tuning (16 prompt vectors) in turns on the current backend, over as many rows of the layers:
 * where a method puts `numInFront` prompt rows in front of the texts, its texts are shorter by them.
 */
export async function measureTuning(
  backbone: PackedBackbone,
  batch: BenchBatch,
  tuning: TunedMethod,
  { numInFront = 0, ...options }: ContestOptions & { readonly numInFront?: number },
): Promise<TuningMeasurement> {
  const shorter = { ...batch, numTokens: batch.numTokens - numInFront };
  const contestants = [ownContestant(backbone, shorter, "fast", tuning), ownContestant(backbone, batch, "fast")];
  try {
    const [own, prefix] = await interleave(
      contestants.map(({ step }) => step),
      options,
    );
    return { timesPrefix: medianRatio(own, prefix), ownMs: middle(own), prefixMs: middle(prefix), numRounds: own.length };
  } finally {
    for (const contestant of contestants) contestant.dispose();
  }
}

/** What one step asks of the GPU. */
export interface StepCounts {
  /** Dispatches that one more layer adds to a step. */
  readonly perLayer: number;
  readonly total: number;
  readonly readbacks: number;
  /** Pipelines compiled in the second step of the same shape. */
  readonly pipelines: number;
}

/** Counts the dispatches of our step or the yardstick's on narrow layers of a family; needs the WebGPU backend. */
export async function countDispatches(
  family: BackboneShape["family"],
  whose: "own" | "stock",
  tuning: TunedMethod = prefixTuning,
): Promise<StepCounts> {
  const batch = { numTexts: 2, numTokens: 8 };
  const count = (numLayers: number) => {
    const sizes = { hiddenSize: 64, intermediateSize: 128, numLayers, numHeads: 4, vocabSize: 96 };
    const backbone = randomBackbone({ family, ...sizes, numKeyValueHeads: 2 }, "int8");
    return countStep(whose === "own" ? ownContestant(backbone, batch, "fast", tuning) : stockContestant(backbone, batch));
  };
  const [two, three] = [await count(2), await count(3)];
  return { ...three, perLayer: three.total - two.total };
}

async function countStep(contestant: Contestant): Promise<Omit<StepCounts, "perLayer">> {
  await contestant.step();
  const counters = countGpu(runningGpuDevice());
  try {
    await contestant.step();
    // the last two read the loss and the prompts, which training does once per round
    return { total: counters.dispatches, readbacks: Math.max(0, counters.readbacks - 2), pipelines: counters.pipelines };
  } finally {
    counters.stop();
    contestant.dispose();
  }
}

/** GPU memory of a backbone in training steps. */
export interface MemoryMeasurement {
  /** As the matrices and vectors are stored. */
  readonly packedBytes: number;
  /** What of them is on the GPU between two steps. */
  readonly weightBytes: number;
  /** All buffers after the steps, those that wait to be used again included. */
  readonly allocatedBytes: number;
  readonly loss: number;
  /** Of the second step. */
  readonly stepMs: number;
}

/** Takes two of our steps and looks at the GPU's memory; nothing else may live on the backend. */
export async function measureMemory(backbone: PackedBackbone, batch: BenchBatch): Promise<MemoryMeasurement> {
  const before = gpuBytes();
  const contestant = ownContestant(backbone, batch, "fast");
  try {
    await contestant.step();
    const start = performance.now();
    const loss = await contestant.step();
    const stepMs = performance.now() - start;
    const { used, allocated } = gpuBytes();
    return {
      packedBytes: packedBytes(backbone),
      weightBytes: used - before.used - contestant.stateBytes,
      allocatedBytes: allocated - before.allocated,
      loss,
      stepMs,
    };
  } finally {
    contestant.dispose();
  }
}

/** What the WebGPU backend says beside what all backends say. */
interface GpuMemory {
  readonly numBytesInGPU?: number;
  readonly numBytesAllocatedInGPU?: number;
}

function gpuBytes(): { used: number; allocated: number } {
  const { numBytesInGPU = 0, numBytesAllocatedInGPU = 0 } = tf.memory() as ReturnType<typeof tf.memory> & GpuMemory;
  return { used: numBytesInGPU, allocated: numBytesAllocatedInGPU };
}
