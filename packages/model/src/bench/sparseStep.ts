import * as tf from "@tensorflow/tfjs";
import type { TunedMethod } from "@tutti/core";
import type { PackedBackbone } from "../backbone/packed.ts";
import { type ContestOptions, interleave, medianRatio, middle } from "./contest.ts";
import { type BenchBatch, ownContestant, type TrainedMethod } from "./contestants.ts";

/** What a step that trains elements of the matrices takes, beside LoRA's on the same matrices. */
export interface SparseMeasurement {
  /** Median over the rounds of how many times longer it took than LoRA's step. */
  readonly timesLora: number;
  /** Medians. */
  readonly sparseMs: number;
  readonly loraMs: number;
  /** The most that lay on the backend at one time in a step, beyond what lay there before it. */
  readonly peakBytes: { readonly sparse: number; readonly lora: number; readonly full: number };
}

/** Takes steps in turns on the current backend, then looks at the memory of each, and of full fine-tuning's. */
export async function measureSparseStep(
  backbone: PackedBackbone,
  batch: BenchBatch,
  lora: TunedMethod & { readonly method: "lora" },
  { density, ...options }: ContestOptions & { readonly density: number },
): Promise<SparseMeasurement> {
  const trained: readonly TrainedMethod[] = [{ ...lora, density }, lora];
  const contestants = trained.map((method) => ownContestant(backbone, batch, "fast", method));
  try {
    const [sparse, plain] = await interleave(
      contestants.map(({ step }) => step),
      options,
    );
    const times = { timesLora: medianRatio(sparse, plain), sparseMs: middle(sparse), loraMs: middle(plain) };
    const [ofSparse, ofLora] = [await peakOf(contestants[0]), await peakOf(contestants[1])];
    return { ...times, peakBytes: { sparse: ofSparse, lora: ofLora, full: await peakOfFull(backbone, batch) } };
  } finally {
    for (const contestant of contestants) contestant.dispose();
  }
}

async function peakOfFull(backbone: PackedBackbone, batch: BenchBatch): Promise<number> {
  const contestant = ownContestant(backbone, batch, "fast", { method: "full", head: "labelWords" });
  try {
    await contestant.step();
    return await peakOf(contestant);
  } finally {
    contestant.dispose();
  }
}

async function peakOf({ step }: Pick<ReturnType<typeof ownContestant>, "step">): Promise<number> {
  const before = tf.memory().numBytes;
  const { peakBytes } = await tf.profile(() => step() as unknown as tf.TensorContainer);
  return peakBytes - before;
}
