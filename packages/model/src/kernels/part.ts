import * as tf from "@tensorflow/tfjs";
import { hasFused, runFused } from "./fusedKernels.ts";

/** The vector's values from `start` on, `size` of them. On WASM the library's slice would first copy the whole vector. */
export function partOf(vector: tf.Tensor1D, start: number, size: number): tf.Tensor1D {
  if (!hasFused("TuttiPart")) return tf.slice1d(vector, start, size);
  return runFused("TuttiPart", { vector }, { start, size })[0] as tf.Tensor1D;
}
