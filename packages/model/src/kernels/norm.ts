import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "./fusedKernels.ts";

/** LayerNorm, or RMSNorm when there is no bias to add and no mean to take away. Owns its tensors. */
export interface Norm {
  readonly kind: "layer" | "rms";
  readonly weight: tf.Tensor1D;
  readonly bias: tf.Tensor1D | null;
  readonly epsilon: number;
  /** Where weight and bias begin in their tensors, which then hold more; 0 by default. */
  readonly firstWeight?: number;
  readonly firstBias?: number;
}

/** The result (rows, width), with what the gradient needs. */
export interface Normed {
  readonly y: tf.Tensor2D;
  /** x where the gradient's kernel takes mean and variance again; else x̂ (rows, width) and 1/σ (rows, 1). */
  readonly kept: readonly [x: tf.Tensor2D] | readonly [standard: tf.Tensor2D, inverse: tf.Tensor2D];
}

/** Norm over the last axis of x's first `numRows` rows, by default all. */
export function normalize(x: tf.Tensor2D, norm: Norm, numRows: number = x.shape[0]): Normed {
  const { kind, weight, bias, epsilon, firstWeight = 0, firstBias = 0 } = norm;
  const inputs = bias === null ? { x, weight } : { x, weight, bias };
  if (hasFused("TuttiNormRows"))
    return { y: runFused("TuttiNormRows", inputs, { kind, epsilon, numRows, firstWeight, firstBias })[0] as tf.Tensor2D, kept: [x] };
  if (!isFusedOnWasm(x)) return plainNormalize(x, norm);
  const [y, standard, inverse] = runFused("TuttiNorm", inputs, { epsilon, firstWeight, firstBias });
  return { y: y as tf.Tensor2D, kept: [standard as tf.Tensor2D, inverse as tf.Tensor2D] };
}

/** dY → dX + residual through a norm whose weight and bias are frozen. */
export function normalizeGradient(dy: tf.Tensor2D, normed: Normed, norm: Norm, residual: tf.Tensor2D | null = null): tf.Tensor2D {
  const { kind, weight, epsilon, firstWeight = 0 } = norm;
  const [x, inverse] = normed.kept;
  if (inverse === undefined) {
    const inputs = { dy, x, weight, ...(residual === null ? {} : { residual }) };
    return runFused("TuttiNormRowsGradient", inputs, { kind, epsilon, numRows: dy.shape[0], firstWeight })[0] as tf.Tensor2D;
  }
  const dx = isFusedOnWasm(dy)
    ? (runFused("TuttiNormGradient", { dy, weight, standard: x, inverse }, { isCentred: kind === "layer", firstWeight })[0] as tf.Tensor2D)
    : plainNormalizeGradient(dy, normed, norm);
  return residual === null ? dx : tf.add(residual, dx);
}

function isFusedOnWasm(x: tf.Tensor2D): boolean {
  return x.shape[1] % 4 === 0 && hasFused("TuttiNorm");
}

/** `normalize` in operations that every backend has. */
export function plainNormalize(x: tf.Tensor2D, norm: Norm): Normed {
  const centred = norm.kind === "layer" ? tf.sub<tf.Tensor2D>(x, tf.mean(x, 1, true)) : x;
  const inverse: tf.Tensor2D = tf.rsqrt(tf.add(tf.mean<tf.Tensor2D>(tf.mul(centred, centred), 1, true), norm.epsilon));
  const standard = tf.mul<tf.Tensor2D>(centred, inverse);
  const scaled = tf.mul<tf.Tensor2D>(standard, norm.weight);
  return { y: norm.bias === null ? scaled : tf.add<tf.Tensor2D>(scaled, norm.bias), kept: [standard, inverse] };
}

/** `normalizeGradient` in operations that every backend has, from what `plainNormalize` kept. */
export function plainNormalizeGradient(dy: tf.Tensor2D, { kept }: Normed, norm: Norm): tf.Tensor2D {
  const [standard, inverse] = kept;
  if (inverse === undefined) throw new Error("norm gradient: x̂ and 1/σ were expected, x was kept");
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
