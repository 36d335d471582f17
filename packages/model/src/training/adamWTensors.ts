import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "../kernels/fusedKernels.ts";
import { type DropoutTensor, dropOut } from "./dropout.ts";

/** The optimiser's state on the backend; the step counter counts from 0. */
export interface AdamWTensors {
  /** (3, N): trained values, first moments, second moments. */
  readonly planes: tf.Tensor2D;
  readonly step: number;
}

/** The settings of one step of AdamW. */
export interface AdamWSettings {
  /** η of this step. */
  readonly learningRate: number;
  /** Decoupled: θ ← θ − η · weightDecay · θ after the step. */
  readonly weightDecay: number;
  /** Largest global norm of the gradient. */
  readonly clipNorm: number;
  /** Of this step; the gradient goes through it first. */
  readonly dropout?: DropoutTensor | null;
}

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/** The state before the first step, or with moments from earlier ones. */
export function startAdamW(
  values: Float32Array,
  moments: { readonly m: Float32Array; readonly v: Float32Array; readonly step: number } | null = null,
): AdamWTensors {
  const planes = new Float32Array(3 * values.length);
  planes.set(values);
  if (moments !== null) {
    planes.set(moments.m, values.length);
    planes.set(moments.v, 2 * values.length);
  }
  return { planes: tf.tensor2d(planes, [3, values.length]), step: moments?.step ?? 0 };
}

/** The state as one vector, which the N trained values begin. */
export function trainedValues({ planes }: AdamWTensors): tf.Tensor1D {
  return tf.reshape(planes, [planes.size]);
}

/**
 * One step of AdamW as core's `stepAdamW` takes it (fedpeptao.md §5), on tensors so that nothing leaves the backend. `gradient` is (N).
 * Returns a new state and leaves the old one to the caller.
 */
export function adamWStep(state: AdamWTensors, gradient: tf.Tensor1D, { dropout = null, ...settings }: AdamWSettings): AdamWTensors {
  const step = state.step + 1;
  const attributes = { ...settings, step, beta1, beta2, epsilon };
  if (hasFused("TuttiAdamW") && tf.getBackend() === "webgpu") {
    const inputs = { state: state.planes, gradient, ...(dropout === null ? {} : { words: dropout.words }) };
    return { planes: runFused("TuttiAdamW", inputs, { ...attributes, scale: dropout?.scale ?? 1 })[0] as tf.Tensor2D, step };
  }
  const planes = tf.tidy(() => {
    const kept = dropout === null ? gradient : dropOut(gradient, dropout);
    if (!hasFused("TuttiAdamW") || gradient.size < 4) return plainAdamW(state, kept, settings);
    return runFused("TuttiAdamW", { state: state.planes, gradient: kept }, attributes)[0] as tf.Tensor2D;
  });
  return { planes, step };
}

function plainAdamW(state: AdamWTensors, gradient: tf.Tensor1D, { learningRate, weightDecay, clipNorm }: AdamWSettings): tf.Tensor2D {
  const step = state.step + 1;
  const rate = (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
  const [values, m, v] = tf.unstack(state.planes);
  const clip = tf.minimum(1, tf.div(clipNorm, tf.add(tf.sqrt(tf.sum(tf.square(gradient))), 1e-6)));
  const g = tf.mul(gradient, clip);
  const nextM = tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1));
  const nextV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2));
  const moved = tf.sub(values, tf.mul(tf.div(nextM, tf.add(tf.sqrt(nextV), epsilon)), rate));
  return tf.stack([tf.mul(moved, 1 - learningRate * weightDecay), nextM, nextV]) as tf.Tensor2D;
}
