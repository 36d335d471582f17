import { countSeen, countSteps, type LocalWork } from "../../localSteps.ts";
import { sizeOf } from "../../params.ts";
import type { BackboneSizes } from "../../tunings/entry.ts";
import type { BaseForm, ClientMachine } from "./profile.ts";

/** The bits that a backbone's weights may have, the best first. */
export const allBits = [16, 8, 4] as const;

/** Bits of a backbone's weights. */
export type Bits = (typeof allBits)[number];

/** What of a backbone decides a device's costs. */
export type BackboneCost = {
  /** P, all of its values. */
  readonly numValues: number;
  /** Those of its layers: each token goes through them. */
  readonly numLayerValues: number;
  readonly numLayers: number;
  readonly hiddenSize: number;
  /** Width of the feed-forward part. */
  readonly innerSize: number;
};

/** The costs of a backbone of these sizes. */
export function backboneCost({ numLayers, hiddenSize, weights = [] }: BackboneSizes): BackboneCost {
  const total = (prefix: string) =>
    weights.filter(({ name }) => name.startsWith(prefix)).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const up = weights.find(({ name }) => name === "layers.0.feedForward.up.weight");
  return { numValues: total(""), numLayerValues: total("layers."), numLayers, hiddenSize, innerSize: up?.shape[0] ?? 4 * hiddenSize };
}

/** Values of a block that share a scale, and the scale's bytes. */
const block = { numValues: 64, scaleBytes: 2 };

/** Bytes of a backbone as it is downloaded. */
export function baseBytes({ numValues }: BackboneCost, bits: Bits): number {
  const scales = bits === 16 ? 0 : Math.ceil(numValues / block.numValues) * block.scaleBytes;
  return Math.ceil((numValues * bits) / 8) + scales;
}

/** Bytes of a backbone in memory: a backend that unpacks holds f32 whatever the bits. */
export function baseMemory(cost: BackboneCost, bits: Bits, form: BaseForm): number {
  return form === "unpacked" ? 4 * cost.numValues : baseBytes(cost, bits);
}

/** Value, gradient and both moments of AdamW, in f32. */
export const bytesPerAdapterValue = 16;

/**
 * Bytes that a batch's pass keeps for its gradient, in f32: each layer's two norms, queries, keys, values, attention, both sums and their
 * gradients are about ten rows as wide as the states, and the feed-forward part two of its width.
 */
export function activationMemory({ numLayers, hiddenSize, innerSize }: BackboneCost, batchSize: number, numTokens: number): number {
  return 4 * batchSize * numTokens * numLayers * (10 * hiddenSize + 2 * innerSize);
}

/** A round's work on one device. */
export interface RoundWork extends LocalWork {
  readonly numExamples: number;
  /** Of a text, on average. */
  readonly numTokens: number;
  /** Of a value that travels, in either direction. */
  readonly bytesPerValue: number;
}

/** Seconds of a round: `fixed` whatever is trained, and `perValue` for each trained value. */
export interface RoundTime {
  readonly fixed: number;
  readonly perValue: number;
}

/** AdamW's operations for one value of one step. */
const flopsPerUpdate = 24;

/**
 * Seconds of a round at this batch size. The frozen weights cost 2 operations a value and token forward and 2 backward, as they need no gradient; a
 * trained factor 2 and 4. The factors travel down and up.
 */
export function roundTime(cost: BackboneCost, machine: ClientMachine, work: RoundWork, batchSize: number): RoundTime {
  const { numExamples, numTokens, bytesPerValue } = work;
  const seen = countSeen(numExamples, { ...work, batchSize }) * numTokens;
  const numSteps = countSteps(numExamples, { ...work, batchSize });
  return {
    fixed: (4 * seen * cost.numLayerValues) / machine.flopsPerSecond,
    perValue: (6 * seen + flopsPerUpdate * numSteps) / machine.flopsPerSecond + (2 * bytesPerValue) / machine.bytesPerSecond,
  };
}
