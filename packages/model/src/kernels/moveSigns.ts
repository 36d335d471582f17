import * as tf from "@tensorflow/tfjs-core";
import { addSigns, type Movement } from "@tutti/core";
import { hasFused, runFused } from "./fusedKernels.ts";

/** What `TuttiMove` is told beside the values. */
export interface MoveAttributes extends Movement {
  /** Of the first value among all that the seed perturbs. */
  readonly offset: number;
}

/** Whether the current backend moves values in place. */
export function movesInPlace(): boolean {
  return hasFused("TuttiMove");
}

/**
 * values += amount × the seed's signs, each sum rounded to f32 once: the same bits on every backend. The vector itself is changed, so it must be its data's only one; where
 * the backend has no kernel for that, another vector comes back and this one is released.
 */
export function moveVector(values: tf.Tensor1D, { seed, amount }: Movement, offset: number): tf.Tensor1D {
  if (movesInPlace()) {
    runFused("TuttiMove", { values }, { seed, amount: Math.fround(amount), offset });
    return values;
  }
  const moved = Float32Array.from(values.dataSync());
  addSigns(moved, amount, { seed, offset });
  values.dispose();
  return tf.tensor1d(moved);
}
