import * as tf from "@tensorflow/tfjs-core";
import { chain, frozen, type Part } from "./differentiable.ts";
import { activation, type Slot, trainedLinear } from "./differentiableTrained.ts";
import type { TunedValues } from "./tuner.ts";

/** Prompts (B, P, H) that were made from rows, and the way back to what made them. */
interface Generated {
  readonly prompts: tf.Tensor3D;
  /** d prompts (B, P, H) → the gradient of each of the generator's parameters, by name. */
  backward(dPrompts: tf.Tensor3D): TunedValues;
}

/** Two linear maps with an activation in between, `<name>/down`, `downBias`, `up` and `upBias`: rows (B, H) → P prompt rows each. */
export function generatePrompts(
  name: string,
  rows: tf.Tensor2D,
  values: TunedValues,
  { kind, hasGradient }: { readonly kind: "gelu" | "relu"; readonly hasGradient: boolean },
): Generated {
  const [numTexts, width] = rows.shape;
  const gradients: Record<string, tf.Tensor> = {};
  const slot = <T extends tf.Tensor>(part: string): Slot<T> => slotOf(values, gradients, `${name}/${part}`);
  const generator = chain(
    trainedLinear(slot("down"), slot("downBias"), numTexts),
    kind === "relu" ? relu : activation(kind, hasGradient),
    trainedLinear(slot("up"), slot("upBias"), numTexts),
  );
  const { y, backward } = generator.trace(rows);
  return {
    prompts: tf.reshape<tf.Rank.R3>(y, [numTexts, y.shape[1] / width, width]),
    backward(dPrompts) {
      backward(tf.reshape<tf.Rank.R2>(dPrompts, y.shape), false);
      return gradients;
    },
  };
}

/** A trained tensor by name, whose gradient goes to `gradients`. */
export function slotOf<T extends tf.Tensor>(values: TunedValues, gradients: Record<string, tf.Tensor>, name: string): Slot<T> {
  const value = values[name];
  if (value === undefined) throw new Error(`trained parameter ${name}: no value; there are ${Object.keys(values).join(", ")}`);
  return {
    value: value as T,
    receive(gradient) {
      gradients[name] = gradient;
    },
  };
}

const relu: Part = frozen(
  (x) => ({ y: tf.relu(x), kept: x }),
  (dy, x) => tf.mul(dy, tf.step(x)),
);
