import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "../kernels/fusedKernels.ts";
import { type DropoutTensor, dropOut } from "./dropout.ts";

/** The state on the backend; the step counter counts from 0. */
export interface MomentumTensors {
  /** (2, N): trained values, velocity. */
  readonly planes: tf.Tensor2D;
  readonly step: number;
}

/** The settings of one step of SGD with momentum. */
export interface MomentumSettings {
  /** η of this step. */
  readonly learningRate: number;
  /** Share of the velocity that stays; 0 is plain SGD. */
  readonly momentum: number;
  /** Decoupled: θ ← θ − η · weightDecay · θ after the step. */
  readonly weightDecay: number;
  /** Largest global norm of the gradient. */
  readonly clipNorm: number;
  /** (N), added to the clipped gradient: c − c_i of SCAFFOLD. */
  readonly correction: tf.Tensor1D | null;
  /** Of this step; the gradient goes through it first. */
  readonly dropout?: DropoutTensor | null;
}

/** The state before the first step, or with the velocity of earlier ones. */
export function startMomentum(
  values: Float32Array,
  moments: { readonly velocity: Float32Array; readonly step: number } | null = null,
): MomentumTensors {
  const planes = new Float32Array(2 * values.length);
  planes.set(values);
  if (moments !== null) planes.set(moments.velocity, values.length);
  return { planes: tf.tensor2d(planes, [2, values.length]), step: moments?.step ?? 0 };
}

/** One step of SGD with momentum as core's `stepMomentum` takes it, on tensors. Returns a new state and leaves the old one to the caller. */
export function momentumStep(state: MomentumTensors, gradient: tf.Tensor1D, settings: MomentumSettings): MomentumTensors {
  const { learningRate, momentum, weightDecay, clipNorm, correction, dropout = null } = settings;
  if (hasFused("TuttiMomentum")) {
    const words = dropout === null ? {} : { words: dropout.words };
    const inputs = { state: state.planes, gradient, ...words, ...(correction === null ? {} : { correction }) };
    const attributes = { learningRate, momentum, weightDecay, clipNorm, scale: dropout?.scale ?? 1 };
    return { planes: runFused("TuttiMomentum", inputs, attributes)[0] as tf.Tensor2D, step: state.step + 1 };
  }
  const planes = tf.tidy(() => {
    const [values, before] = tf.unstack(state.planes) as tf.Tensor1D[];
    const kept = dropout === null ? gradient : dropOut(gradient, dropout);
    const clip = tf.minimum(1, tf.div(clipNorm, tf.add(tf.sqrt(tf.sum(tf.square(kept))), 1e-6)));
    const clipped = tf.mul<tf.Tensor1D>(kept, clip);
    const corrected = correction === null ? clipped : tf.add<tf.Tensor1D>(clipped, correction);
    const velocity = tf.add(tf.mul(before, momentum), corrected);
    const moved = tf.mul(tf.sub(values, tf.mul(velocity, learningRate)), 1 - learningRate * weightDecay);
    return tf.stack([moved, velocity]) as tf.Tensor2D;
  });
  return { planes, step: state.step + 1 };
}
