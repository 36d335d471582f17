import * as tf from "@tensorflow/tfjs";
import type { RotaryScaling } from "../backbone/config.ts";
import type { AttentionShape } from "./attention.ts";

/** Cosines and sines of a batch's positions, each (T, 1, headSize). */
export interface Rotation {
  readonly cosines: tf.Tensor3D;
  readonly sines: tf.Tensor3D;
}

/** Angles of positions start … start + T − 1, half-split layout: dimension i turns with dimension i + headSize/2. */
export function rotationOf(
  numTokens: number,
  start: number,
  headSize: number,
  rotary: { readonly theta: number; readonly scaling: RotaryScaling | null },
): Rotation {
  const half = headSize / 2;
  const cosines = new Float32Array(numTokens * headSize);
  const sines = new Float32Array(numTokens * headSize);
  for (let i = 0; i < headSize; i++) {
    const plain = rotary.theta ** (-(2 * (i % half)) / headSize);
    const frequency = rotary.scaling === null ? plain : stretched(plain, rotary.scaling);
    for (let t = 0; t < numTokens; t++) {
      cosines[t * headSize + i] = Math.cos((start + t) * frequency);
      sines[t * headSize + i] = Math.sin((start + t) * frequency);
    }
  }
  return { cosines: tf.tensor3d(cosines, [numTokens, 1, headSize]), sines: tf.tensor3d(sines, [numTokens, 1, headSize]) };
}

/** Turns the queries and keys of `qkv` (B·T, H + 2W); values stay. */
export function rotate(qkv: tf.Tensor2D, rotation: Rotation, shape: AttentionShape): tf.Tensor2D {
  return turn(qkv, shape, (x) => tf.add(tf.mul(x, rotation.cosines), tf.mul(quarterTurn(x, 1), rotation.sines)));
}

/** d(rotated qkv) → d(qkv): the turn backwards. */
export function rotateGradient(dQkv: tf.Tensor2D, rotation: Rotation, shape: AttentionShape): tf.Tensor2D {
  return turn(dQkv, shape, (x) => tf.add(tf.mul(x, rotation.cosines), quarterTurn(tf.mul(x, rotation.sines), -1)));
}

function turn(qkv: tf.Tensor2D, shape: AttentionShape, apply: (x: tf.Tensor4D) => tf.Tensor): tf.Tensor2D {
  const [rows, columns] = qkv.shape;
  const turnedHeads = shape.numHeads + shape.numKeyValueHeads;
  const width = turnedHeads * shape.headSize;
  const x = tf.reshape<tf.Rank.R4>(tf.slice2d(qkv, [0, 0], [rows, width]), [
    shape.lengths.length,
    shape.numTokens,
    turnedHeads,
    shape.headSize,
  ]);
  return tf.concat2d([tf.reshape<tf.Rank.R2>(apply(x), [rows, width]), tf.slice2d(qkv, [0, width], [rows, columns - width])], 1);
}

/** (x₁, x₂) → (−x₂, x₁) with sign 1; its transpose with sign −1. */
function quarterTurn(x: tf.Tensor, sign: 1 | -1): tf.Tensor {
  const [first, second] = tf.split(x, 2, 3);
  return sign === 1 ? tf.concat([tf.neg(second), first], 3) : tf.concat([second, tf.neg(first)], 3);
}

/** LLaMA 3: slows the long wavelengths and blends between the two bounds. */
function stretched(frequency: number, scaling: RotaryScaling): number {
  const wavelength = (2 * Math.PI) / frequency;
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalMaxPositions } = scaling;
  if (wavelength > originalMaxPositions / lowFrequencyFactor) return frequency / factor;
  if (wavelength < originalMaxPositions / highFrequencyFactor) return frequency;
  const blend = (originalMaxPositions / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
  return ((1 - blend) * frequency) / factor + blend * frequency;
}
