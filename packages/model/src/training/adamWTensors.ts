import * as tf from "@tensorflow/tfjs";

/** Trained values, first and second moments, each one vector on the backend; the step counter counts from 0. */
export interface AdamWTensors {
  readonly values: tf.Tensor1D;
  readonly m: tf.Tensor1D;
  readonly v: tf.Tensor1D;
  readonly step: number;
}

export interface AdamWSettings {
  /** η of this step. */
  readonly learningRate: number;
  /** Decoupled: θ ← θ − η · weightDecay · θ after the step. */
  readonly weightDecay: number;
  /** Largest global norm of the gradient. */
  readonly clipNorm: number;
}

/**
 * One step of AdamW as core's `stepAdamW` takes it (fedpeptao.md §5), on tensors so that nothing leaves the backend.
 * Returns new tensors and leaves the old ones to the caller.
 */
export function adamWStep(state: AdamWTensors, gradient: tf.Tensor1D, settings: AdamWSettings): AdamWTensors {
  const { learningRate, weightDecay, clipNorm } = settings;
  const step = state.step + 1;
  const rate = (learningRate * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
  const [values, m, v] = tf.tidy(() => {
    const clip = tf.minimum(1, tf.div(clipNorm, tf.add(tf.sqrt(tf.sum(tf.square(gradient))), 1e-6)));
    const g = tf.mul(gradient, clip);
    const nextM = tf.add(tf.mul(state.m, 0.9), tf.mul(g, 0.1));
    const nextV = tf.add(tf.mul(state.v, 0.999), tf.mul(tf.square(g), 0.001));
    const moved = tf.sub(state.values, tf.mul(tf.div(nextM, tf.add(tf.sqrt(nextV), 1e-8)), rate));
    return [tf.mul(moved, 1 - learningRate * weightDecay), nextM, nextV] as tf.Tensor1D[];
  });
  return { values, m, v, step };
}
