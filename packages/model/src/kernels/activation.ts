import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "./fusedKernels.ts";

/** `gelu` is the exact form with erf, `geluTanh` the tanh approximation. */
export type Activation = "gelu" | "geluTanh" | "silu";

const tanhScale = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

/** f(x), with f′(x) beside it when a gradient will be asked for. */
export interface Activated {
  readonly y: tf.Tensor2D;
  readonly derivative: tf.Tensor2D | null;
}

/** Applies the activation to x (rows, width). */
export function activate(x: tf.Tensor2D, kind: Activation, hasGradient: boolean): Activated {
  // by the width, not the size: a row's bits may not hang on how many rows there are
  if (x.shape[1] % 4 !== 0 || !hasFused("TuttiActivate")) return plainActivate(x, kind, hasGradient);
  const [y, derivative] = runFused("TuttiActivate", { x }, { kind, hasGradient });
  return { y: y as tf.Tensor2D, derivative: hasGradient ? (derivative as tf.Tensor2D) : null };
}

/** `activate` in operations that every backend has. */
export function plainActivate(x: tf.Tensor2D, kind: Activation, hasGradient: boolean): Activated {
  if (kind === "gelu") return gelu(x, hasGradient);
  return kind === "silu" ? silu(x, hasGradient) : geluTanh(x, hasGradient);
}

/** x Φ(x); Φ(x) + x φ(x). */
function gelu(x: tf.Tensor2D, hasGradient: boolean): Activated {
  const cumulative = tf.mul<tf.Tensor2D>(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
  const y = tf.mul<tf.Tensor2D>(x, cumulative);
  if (!hasGradient) return { y, derivative: null };
  const density = tf.mul(tf.exp(tf.mul(tf.mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return { y, derivative: tf.add(cumulative, tf.mul(x, density)) };
}

/** x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))). */
function geluTanh(x: tf.Tensor2D, hasGradient: boolean): Activated {
  const square = tf.mul(x, x);
  const t = tf.tanh(tf.mul(tf.mul(x, tf.add(tf.mul(square, cubic), 1)), tanhScale));
  const half = tf.mul(tf.add(t, 1), 0.5);
  const y = tf.mul<tf.Tensor2D>(x, half);
  if (!hasGradient) return { y, derivative: null };
  const slope = tf.mul(tf.add(tf.mul(square, 3 * cubic), 1), 0.5 * tanhScale);
  return { y, derivative: tf.add(half, tf.mul(tf.mul(x, slope), tf.sub(1, tf.mul(t, t)))) };
}

/** x σ(x); σ(x) (1 + x (1 − σ(x))). */
function silu(x: tf.Tensor2D, hasGradient: boolean): Activated {
  const sigmoid = tf.sigmoid(x);
  const y = tf.mul<tf.Tensor2D>(x, sigmoid);
  if (!hasGradient) return { y, derivative: null };
  return { y, derivative: tf.mul(sigmoid, tf.add(tf.mul(x, tf.sub(1, sigmoid)), 1)) };
}
