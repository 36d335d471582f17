import * as tf from "@tensorflow/tfjs";
import type { TrainingSettings } from "@tutti/core";
import { type AdamWSettings, type AdamWTensors, adamWStep, trainedValues } from "./adamWTensors.ts";

/** A step's optimiser; the trained values and what it keeps are AdamW's planes, of which SGD uses the second for its velocity. */
export interface LocalStepSettings extends AdamWSettings {
  readonly optimizer: TrainingSettings["optimizer"];
  /** μ; 0 = off. */
  readonly proximal: number;
}

/** What a task adds to gradients, each (N) or null for nothing; the caller keeps them. */
export interface GradientTerms {
  /** Where the task started; needed when `proximal` is not 0. */
  readonly start: tf.Tensor1D | null;
  /** c − c_i of SCAFFOLD, added after clipping. */
  readonly correction: tf.Tensor1D | null;
}

/** Share of the velocity that stays, by optimiser. */
const momentum = { momentum: 0.9, sgd: 0 } as const;

/**
 * One local step: g + μ(θ − start) is clipped, then corrected, then taken by the optimiser, as core's `addProximal`, `stepMomentum` and
 * `stepAdamW` do it. `gradient` is (N). Returns a new state and leaves the old one to the caller; call it within a tidy.
 */
export function localStep(state: AdamWTensors, gradient: tf.Tensor1D, settings: LocalStepSettings, terms: GradientTerms): AdamWTensors {
  const { optimizer, proximal, learningRate, weightDecay, clipNorm } = settings;
  const pulled = proximal === 0 ? gradient : tf.add<tf.Tensor1D>(gradient, tf.mul(distance(state, gradient.size, terms), proximal));
  if (optimizer !== "adamW")
    return { planes: momentumStep(state, pulled, { ...settings, optimizer }, terms.correction), step: state.step + 1 };
  if (terms.correction !== null) throw new Error("training.optimizer: adamW takes no correction; SCAFFOLD needs sgd");
  return adamWStep(state, pulled, { learningRate, weightDecay, clipNorm });
}

/** θ − start. */
function distance(state: AdamWTensors, numValues: number, { start }: GradientTerms): tf.Tensor1D {
  if (start === null) throw new Error("training.proximal: where the task started is not known");
  return tf.sub(tf.slice1d(trainedValues(state), 0, numValues), start);
}

/** u ← μu + g, θ ← (θ − ηu)(1 − η · weightDecay). */
function momentumStep(
  { planes }: AdamWTensors,
  gradient: tf.Tensor1D,
  { optimizer, learningRate, weightDecay, clipNorm }: LocalStepSettings & { readonly optimizer: keyof typeof momentum },
  correction: tf.Tensor1D | null,
): tf.Tensor2D {
  const [values, velocity, unused] = tf.unstack(planes);
  const clip = tf.minimum(1, tf.div(clipNorm, tf.add(tf.sqrt(tf.sum(tf.square(gradient))), 1e-6)));
  const clipped = tf.mul(gradient, clip);
  const g = correction === null ? clipped : tf.add(clipped, correction);
  const next = tf.add(tf.mul(velocity, momentum[optimizer]), g);
  const moved = tf.mul(tf.sub(values, tf.mul(next, learningRate)), 1 - learningRate * weightDecay);
  return tf.stack([moved, next, unused]) as tf.Tensor2D;
}
