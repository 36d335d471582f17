import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import type { AttentionShape } from "../attentionShape.ts";
import { runFused } from "../fusedKernels.ts";
import { plainRotate, rotationOf } from "../rotary.ts";
import type { ParityCase } from "./parityCase.ts";
import { readTwice } from "./readTwice.ts";

interface RotarySize {
  readonly numTexts: number;
  readonly numTokens: number;
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly headSize: number;
  readonly numBehind: number;
}

const sizes: readonly RotarySize[] = [
  { numTexts: 3, numTokens: 5, numHeads: 6, numKeyValueHeads: 2, headSize: 16, numBehind: 0 },
  { numTexts: 2, numTokens: 9, numHeads: 3, numKeyValueHeads: 3, headSize: 10, numBehind: 4 },
  { numTexts: 1, numTokens: 7, numHeads: 4, numKeyValueHeads: 1, headSize: 128, numBehind: 1 },
  { numTexts: 5, numTokens: 3, numHeads: 1, numKeyValueHeads: 1, headSize: 6, numBehind: 0 },
];

/** Turned queries and keys, and the turn backwards. */
export const rotaryCases: readonly ParityCase[] = sizes.map((size) => ({
  name: `rotary embedding of ${size.numHeads} + ${size.numKeyValueHeads} heads of ${size.headSize}, ${size.numTexts} texts of ${size.numTokens}`,
  tolerance: 3e-7, // one rounding more or less
  worstError: () => worstError(size),
}));

const random = createRandom(12).stream({ purpose: "rotary parity" });
const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());

async function worstError({ numTexts, numTokens, numHeads, numKeyValueHeads, headSize, numBehind }: RotarySize): Promise<number> {
  const numRows = numTexts * numTokens;
  const width = (numHeads + 2 * numKeyValueHeads) * headSize;
  const qkv = tf.tensor2d(draw((numRows + numBehind) * width), [numRows + numBehind, width]);
  const angles = rotationOf(numTokens, 2, headSize, { theta: 10000, scaling: null });
  const shape: AttentionShape = {
    lengths: Array(numTexts).fill(numTokens),
    numTokens,
    numHeads,
    numKeyValueHeads,
    headSize,
    isCausal: true,
  };
  let worst = 0;
  for (const isGradient of [false, true]) {
    const attributes = { numRows, numTokens, headSize, numTurnedHeads: numHeads + numKeyValueHeads, isGradient };
    const turned = await readTwice(() => runFused("TuttiRotate", { qkv, angles }, attributes)[0]);
    const plain = tf.tidy(() => plainRotate(tf.slice2d(qkv, [0, 0], [numRows, width]), angles, shape, isGradient));
    worst = Math.max(worst, relativeError(turned, await plain.data()));
    plain.dispose();
  }
  tf.dispose([qkv, angles]);
  return worst;
}
