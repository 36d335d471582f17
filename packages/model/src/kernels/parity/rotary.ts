import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import type { AttentionShape } from "../attentionShape.ts";
import { runFused } from "../fusedKernels.ts";
import { plainRotate, rotationOf } from "../rotary.ts";
import type { ParityCase } from "./parityCase.ts";
import { readTwice } from "./readTwice.ts";

interface RotarySize {
  /** Positions of the rows: those of several texts, end to end. */
  readonly positions: readonly number[];
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly headSize: number;
  readonly numBehind: number;
}

/** The positions of texts of these lengths, end to end, each from `first` on. */
function positionsOf(lengths: readonly number[], first: number): number[] {
  return lengths.flatMap((length) => Array.from({ length }, (_, t) => first + t));
}

const sizes: readonly RotarySize[] = [
  { positions: positionsOf([5, 2, 8], 2), numHeads: 6, numKeyValueHeads: 2, headSize: 16, numBehind: 0 },
  { positions: positionsOf([9, 4], 0), numHeads: 3, numKeyValueHeads: 3, headSize: 10, numBehind: 4 },
  { positions: positionsOf([7], 5), numHeads: 4, numKeyValueHeads: 1, headSize: 128, numBehind: 1 },
  { positions: positionsOf([3, 1, 1, 6, 4], 2), numHeads: 1, numKeyValueHeads: 1, headSize: 6, numBehind: 0 },
];

/** Turned queries and keys, and the turn backwards. */
export const rotaryCases: readonly ParityCase[] = sizes.map((size) => ({
  name: `rotary embedding of ${size.numHeads} + ${size.numKeyValueHeads} heads of ${size.headSize}, positions ${size.positions.join(" ")}`,
  tolerance: 3e-7, // one rounding more or less
  worstError: () => worstError(size),
}));

const random = createRandom(12).stream({ purpose: "rotary parity" });
const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());

async function worstError({ positions, numHeads, numKeyValueHeads, headSize, numBehind }: RotarySize): Promise<number> {
  const numRows = positions.length;
  const width = (numHeads + 2 * numKeyValueHeads) * headSize;
  const qkv = tf.tensor2d(draw((numRows + numBehind) * width), [numRows + numBehind, width]);
  const angles = rotationOf(positions, headSize, { theta: 10000, scaling: null });
  const shape: AttentionShape = { lengths: [numRows], numHeads, numKeyValueHeads, headSize, isCausal: true };
  let worst = 0;
  for (const isGradient of [false, true]) {
    const attributes = { numRows, headSize, numTurnedHeads: numHeads + numKeyValueHeads, isGradient };
    const turned = await readTwice(() => runFused("TuttiRotate", { qkv, angles }, attributes)[0]);
    const plain = tf.tidy(() => plainRotate(tf.slice2d(qkv, [0, 0], [numRows, width]), angles, shape, isGradient));
    worst = Math.max(worst, relativeError(turned, await plain.data()));
    plain.dispose();
  }
  tf.dispose([qkv, angles]);
  return worst;
}
