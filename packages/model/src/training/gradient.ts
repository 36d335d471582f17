import * as tf from "@tensorflow/tfjs-core";
import { joinTuned, type TunedLayout, valuesFor } from "../tuning/layout.ts";
import { type LabelledBatch, lossAndGradient, type ObjectiveOptions } from "./objective.ts";

/** A backbone with what is trained on it. */
export interface Tuned extends ObjectiveOptions {
  readonly layout: TunedLayout;
}

/** Mean loss of a batch and its gradient over the vector of all trained values; the caller owns both. */
export function vectorGradient(tuned: Tuned, values: tf.Tensor1D, batch: LabelledBatch): { loss: tf.Scalar; gradient: tf.Tensor1D } {
  return tf.tidy(() => {
    const { loss, gradient } = lossAndGradient(valuesFor(tuned.tuner, tuned.layout, values), batch, tuned);
    return { loss, gradient: joinTuned(tuned.layout, gradient) };
  });
}
