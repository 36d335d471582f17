import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "./fusedKernels.ts";

/** Which factors are turned first. */
export interface Turned {
  readonly a?: boolean;
  readonly b?: boolean;
}

/** A · B of matrices that change from step to step, either turned first. */
export function multiply(a: tf.Tensor2D, b: tf.Tensor2D, turned: Turned = {}): tf.Tensor2D {
  const [turnsA, turnsB] = [turned.a ?? false, turned.b ?? false];
  if (tf.getBackend() !== "wasm") return tf.matMul(a, b, turnsA, turnsB);
  const left = turnsA ? tf.transpose(a) : a;
  const numOut = b.shape[turnsB ? 0 : 1];
  if (numOut % 8 !== 0 || !hasFused("TuttiLinear")) {
    return tf.matMul(left, turnsB ? tf.transpose(b) : b); // a product that turns a factor itself is ten times slower
  }
  return runFused("TuttiLinear", { x: left, panels: panelsOf(b, turnsB) }, { numOut })[0] as tf.Tensor2D;
}

/** Eight columns of B or Bᵀ at a time: (out / 8, inner, 8). */
function panelsOf(b: tf.Tensor2D, isTurned: boolean): tf.Tensor1D {
  const [rows, columns] = b.shape;
  const panels = isTurned
    ? tf.transpose(tf.reshape(b, [rows / 8, 8, columns]), [0, 2, 1])
    : tf.transpose(tf.reshape(b, [rows, columns / 8, 8]), [1, 0, 2]);
  return tf.reshape<tf.Rank.R1>(panels, [b.size]);
}
