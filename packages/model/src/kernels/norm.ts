import * as tf from "@tensorflow/tfjs";
import { hasFused, runFused } from "./fusedKernels.ts";

/** LayerNorm, or RMSNorm when there is no bias to add and no mean to take away. Owns its tensors. */
export interface Norm {
  readonly kind: "layer" | "rms";
  readonly weight: tf.Tensor1D;
  readonly bias: tf.Tensor1D | null;
  readonly epsilon: number;
}

/** The result, with what the gradient needs: x̂ (rows, width) and 1/σ (rows, 1). */
export interface Normed {
  readonly y: tf.Tensor2D;
  readonly standard: tf.Tensor2D;
  readonly inverse: tf.Tensor2D;
}

/** Norm over the last axis of x (rows, width). */
export function normalize(x: tf.Tensor2D, norm: Norm): Normed {
  if (!isFused(x)) return plainNormalize(x, norm);
  const { weight, bias, epsilon } = norm;
  const [y, standard, inverse] = runFused("TuttiNorm", bias === null ? { x, weight } : { x, weight, bias }, { epsilon });
  return { y: y as tf.Tensor2D, standard: standard as tf.Tensor2D, inverse: inverse as tf.Tensor2D };
}

/** dY → dX through a norm whose weight and bias are frozen. */
export function normalizeGradient(dy: tf.Tensor2D, normed: Normed, norm: Norm): tf.Tensor2D {
  if (!isFused(dy)) return plainNormalizeGradient(dy, normed, norm);
  const { standard, inverse } = normed;
  const isCentred = norm.kind === "layer";
  return runFused("TuttiNormGradient", { dy, weight: norm.weight, standard, inverse }, { isCentred })[0] as tf.Tensor2D;
}

function isFused(x: tf.Tensor2D): boolean {
  return x.shape[1] % 4 === 0 && hasFused("TuttiNorm");
}

/** `normalize` in operations that every backend has. */
export function plainNormalize(x: tf.Tensor2D, norm: Norm): Normed {
  const centred = norm.kind === "layer" ? tf.sub<tf.Tensor2D>(x, tf.mean(x, 1, true)) : x;
  const inverse: tf.Tensor2D = tf.rsqrt(tf.add(tf.mean<tf.Tensor2D>(tf.mul(centred, centred), 1, true), norm.epsilon));
  const standard = tf.mul<tf.Tensor2D>(centred, inverse);
  const scaled = tf.mul<tf.Tensor2D>(standard, norm.weight);
  return { y: norm.bias === null ? scaled : tf.add<tf.Tensor2D>(scaled, norm.bias), standard, inverse };
}

/** `normalizeGradient` in operations that every backend has. */
export function plainNormalizeGradient(dy: tf.Tensor2D, normed: Normed, norm: Norm): tf.Tensor2D {
  const { standard, inverse } = normed;
  const scaled = tf.mul<tf.Tensor2D>(dy, norm.weight);
  const along = tf.mul<tf.Tensor2D>(standard, tf.mean(tf.mul(scaled, standard), 1, true));
  const centred = norm.kind === "layer" ? tf.sub<tf.Tensor2D>(scaled, tf.mean(scaled, 1, true)) : scaled;
  return tf.mul(tf.sub(centred, along), inverse);
}

/** Releases the norm's tensors. */
export function disposeNorm(norm: Norm): void {
  norm.weight.dispose();
  norm.bias?.dispose();
}
