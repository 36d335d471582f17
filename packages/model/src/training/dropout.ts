import * as tf from "@tensorflow/tfjs-core";
import type { RandomStream } from "@tutti/core";
import { hasFused, runFused } from "../kernels/fusedKernels.ts";
import type { TunedLayout } from "../tuning/layout.ts";
import type { InputDraws, Tuner } from "../tuning/tuner.ts";

/** What dropout does to each trained value in one step: two bits each, sixteen to a word. Bit 0 keeps it, bit 1 scales what is kept. */
export interface Dropout {
  readonly words: Int32Array;
  readonly numValues: number;
  /** 1 / (1 − rate). */
  readonly scale: number;
}

/** A dropout on the backend. */
export interface DropoutTensor extends Omit<Dropout, "words"> {
  readonly words: tf.Tensor1D;
}

/**
 * Inverted dropout on the prompts: 0 or 1 / (1 − rate) for prompts, 1 for all else. One draw per step, shared by the batch,
 * where the official code draws one per example. Null where nothing is dropped.
 */
export function drawDropout({ entries, numValues }: TunedLayout, rate: number, random: RandomStream): Dropout | null {
  if (rate === 0 || entries.every(({ isPrompt }) => !isPrompt)) return null;
  const words = new Int32Array(Math.ceil(numValues / 16)).fill(0x55555555);
  const threshold = rate * 2 ** 32;
  const draws = new Uint32Array(16);
  for (const { isPrompt, start, numValues: count } of entries) {
    if (!isPrompt) continue;
    const end = start + count;
    for (let first = start; first < end; ) {
      const word = first >> 4;
      const next = Math.min(end, 16 * (word + 1));
      const count = next - first;
      random.fill(count === 16 ? draws : draws.subarray(0, count));
      let bits = words[word];
      for (let i = 0; i < count; i++) bits ^= (draws[i] < threshold ? 1 : 2) << (2 * ((first + i) & 15));
      words[word] = bits;
      first = next;
    }
  }
  return { words, numValues, scale: 1 / (1 - rate) };
}

/** A step's draws for a method that zeroes a share of what it reads; undefined for others, which draw nothing. */
export function drawInputs({ drawsInputs }: Pick<Tuner, "drawsInputs">, random: RandomStream): InputDraws | undefined {
  return drawsInputs === true ? [random.uint32(), random.uint32()] : undefined;
}

/** Every value's factor: 0, `scale` or 1. */
export function factorsOf({ words, numValues, scale }: Dropout): Float32Array {
  const factors = [0, 1, 0, scale];
  return Float32Array.from({ length: numValues }, (_, i) => factors[(words[i >> 4] >>> (2 * (i & 15))) & 3]);
}

/** Uploads a step's dropout. */
export function uploadDropout(dropout: Dropout): DropoutTensor {
  const isFused = hasFused("TuttiDropOut");
  return { ...dropout, words: isFused ? tf.tensor1d(dropout.words, "int32") : tf.tensor1d(factorsOf(dropout)) };
}

/** The vector's first values times their factors; more may follow them. */
export function dropOut(vector: tf.Tensor1D, { words, numValues, scale }: DropoutTensor): tf.Tensor1D {
  if (words.dtype !== "int32") return tf.mul(tf.slice1d(vector, 0, numValues), words);
  return runFused("TuttiDropOut", { vector, words }, { size: numValues, scale })[0] as tf.Tensor1D;
}
