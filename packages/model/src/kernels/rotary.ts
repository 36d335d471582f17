import * as tf from "@tensorflow/tfjs-core";
import type { RotaryScaling } from "../backbone/config.ts";
import type { AttentionShape } from "./attentionShape.ts";
import { hasFused, runFused } from "./fusedKernels.ts";

/** Cosines and sines of every row's position: (2, rows, headSize / 2). */
export type Rotation = tf.Tensor3D;

/** Angles of the rows' positions, half-split layout: dimension i turns with dimension i + headSize/2. */
export function rotationOf(
  positions: readonly number[],
  headSize: number,
  rotary: { readonly theta: number; readonly scaling: RotaryScaling | null },
): Rotation {
  const half = headSize / 2;
  const numRows = positions.length;
  const angles = new Float32Array(2 * numRows * half);
  for (let i = 0; i < half; i++) {
    const plain = rotary.theta ** (-(2 * i) / headSize);
    const frequency = rotary.scaling === null ? plain : stretched(plain, rotary.scaling);
    for (let row = 0; row < numRows; row++) {
      angles[row * half + i] = Math.cos(positions[row] * frequency);
      angles[(numRows + row) * half + i] = Math.sin(positions[row] * frequency);
    }
  }
  return tf.tensor3d(angles, [2, numRows, half]);
}

/** Turns the queries and keys of `qkv` (rows, H + 2W); values stay. */
export function rotate(qkv: tf.Tensor2D, angles: Rotation, shape: AttentionShape): tf.Tensor2D {
  return hasFused("TuttiRotate") ? runRotate(qkv, angles, shape, false) : plainRotate(qkv, angles, shape, false);
}

/** d(rotated qkv) → d(qkv): the turn backwards. */
export function rotateGradient(dQkv: tf.Tensor2D, angles: Rotation, shape: AttentionShape): tf.Tensor2D {
  return hasFused("TuttiRotate") ? runRotate(dQkv, angles, shape, true) : plainRotate(dQkv, angles, shape, true);
}

function runRotate(qkv: tf.Tensor2D, angles: Rotation, { headSize, ...heads }: AttentionShape, isGradient: boolean): tf.Tensor2D {
  const numTurnedHeads = heads.numHeads + heads.numKeyValueHeads;
  const attributes = { numRows: qkv.shape[0], headSize, numTurnedHeads, isGradient };
  return runFused("TuttiRotate", { qkv, angles }, attributes)[0] as tf.Tensor2D;
}

/** `rotate`, or with `isGradient` its transpose, in operations that every backend has: (x₁, x₂) → (x₁ cos − x₂ sin, x₂ cos + x₁ sin). */
export function plainRotate(qkv: tf.Tensor2D, angles: Rotation, shape: AttentionShape, isGradient: boolean): tf.Tensor2D {
  const [rows, columns] = qkv.shape;
  const { headSize } = shape;
  const turnedHeads = shape.numHeads + shape.numKeyValueHeads;
  const width = turnedHeads * headSize;
  const turned = tf.reshape<tf.Rank.R3>(tf.slice2d(qkv, [0, 0], [rows, width]), [rows, turnedHeads, headSize]);
  const [first, second] = tf.split(turned, 2, 2);
  const [cosines, sines] = tf.split(angles, 2, 0).map((part) => tf.reshape(part, [rows, 1, headSize / 2]));
  const sine = isGradient ? tf.neg(sines) : sines;
  const halves = [tf.sub(tf.mul(first, cosines), tf.mul(second, sine)), tf.add(tf.mul(second, cosines), tf.mul(first, sine))];
  return tf.concat2d(
    [tf.reshape<tf.Rank.R2>(tf.concat(halves, 2), [rows, width]), tf.slice2d(qkv, [0, width], [rows, columns - width])],
    1,
  );
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
