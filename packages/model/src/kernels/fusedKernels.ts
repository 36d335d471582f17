import * as tf from "@tensorflow/tfjs";

/** Kernels of our own on WASM; elsewhere their plain equals run. */
export type WasmKernel = "TuttiAttend" | "TuttiAttendGradient" | "TuttiNorm" | "TuttiNormGradient" | "TuttiActivate" | "TuttiLinear";

/** Kernels of our own, registered for the backends that have them. */
export type FusedKernel = WasmKernel | "TuttiPackedLinear";

/** Whether the current backend has this kernel. */
export function hasFused(name: FusedKernel): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Runs one of our kernels on the current backend; its results are tracked by the surrounding tidy. */
export function runFused(
  name: FusedKernel,
  inputs: tf.NamedTensorMap,
  attributes: Record<string, number | boolean | string | number[]>,
): tf.Tensor[] {
  const result = tf.engine().runKernel(name, inputs, attributes);
  return (Array.isArray(result) ? result : [result]) as tf.Tensor[];
}
