import * as tf from "@tensorflow/tfjs-core";
import type { Params } from "@tutti/core";
import { flattenTuned, type TunedLayout } from "../tuning/layout.ts";

/** Values that a task uses and does not train, on the backend. */
export interface Frozen {
  /** (N): 1 where a value is trained, 0 where it is frozen. */
  readonly trained: tf.Tensor1D;
  /** (1, N): frozen values, 0 elsewhere. */
  readonly values: tf.Tensor2D;
}

/** What these names hold in `start`; null for no names. The caller disposes both tensors. */
export function uploadFrozen(layout: TunedLayout, start: Params, names: readonly string[]): Frozen | null {
  if (names.length === 0) return null;
  const values = flattenTuned(layout, start);
  const trained = new Float32Array(layout.numValues);
  for (const { name, start: at, numValues } of layout.entries) {
    if (names.includes(name)) continue;
    trained.fill(1, at, at + numValues);
    values.fill(0, at, at + numValues);
  }
  return { trained: tf.tensor1d(trained), values: tf.tensor2d(values, [1, values.length]) };
}

/** The gradient (N) of the trained values, 0 at frozen ones. */
export function gradientWithout(gradient: tf.Tensor1D, frozen: Frozen | null): tf.Tensor1D {
  return frozen === null ? gradient : tf.mul(gradient, frozen.trained);
}

/** An optimiser's planes (P, N), values first, with the frozen values as they were: weight decay changed them too. */
export function heldIn(planes: tf.Tensor2D, frozen: Frozen | null): tf.Tensor2D {
  if (frozen === null) return planes;
  return tf.add(
    tf.mul(planes, frozen.trained),
    tf.pad2d(frozen.values, [
      [0, planes.shape[0] - 1],
      [0, 0],
    ]),
  );
}
