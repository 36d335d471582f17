import * as tf from "@tensorflow/tfjs-core";

/** Kernels of our own on WASM; elsewhere their plain equals run. */
export type WasmKernel =
  | "TuttiAttend"
  | "TuttiAttendGradient"
  | "TuttiNorm"
  | "TuttiNormGradient"
  | "TuttiActivate"
  | "TuttiLinear"
  | "TuttiCrossEntropy"
  | "TuttiMeanRows"
  | "TuttiMeanRowsGradient"
  | "TuttiPart"
  | "TuttiArrangeBlocks"
  | "TuttiBlockGradient"
  | "TuttiAdamW"
  | "TuttiDropOut"
  | "TuttiMove"
  | "TuttiShift"
  | "TuttiVector"
  | "TuttiWeightGradient"
  | "TuttiNormWeightGradient";

/** Kernels of our own on WebGPU. */
export type WebGpuKernel =
  | "TuttiPackedLinear"
  | "TuttiPackedLinearGradient"
  | "TuttiAttend"
  | "TuttiAttendGradient"
  | "TuttiNormRows"
  | "TuttiNormRowsGradient"
  | "TuttiRotate"
  | "TuttiCrossEntropy"
  | "TuttiSumRange"
  | "TuttiSmallProduct"
  | "TuttiTimesTail"
  | "TuttiAdamW"
  | "TuttiMomentum"
  | "TuttiDropOut"
  | "TuttiDropInput"
  | "TuttiPickRows"
  | "TuttiScatterRows"
  | "TuttiArrangeBlocks"
  | "TuttiBlockGradient"
  | "TuttiMove"
  | "TuttiShift"
  | "TuttiVector"
  | "TuttiWeightGradient"
  | "TuttiNormWeightGradient";

/** Kernels of our own, registered for the backends that have them. */
export type FusedKernel = WasmKernel | WebGpuKernel;

/** With kernels of our own, or with the tensor library's operations alone. */
export type KernelChoice = "fast" | "plain";

let isPlain = false;

/** Turns all kernels of our own off (`plain`), so that the tensor library's operations do the work, or on again. Transformers made before keep what they have. */
export function chooseKernels(kernels: KernelChoice): void {
  isPlain = kernels === "plain";
}

/** Which kernels compute now: plain ones, too, where a backend has none of ours. */
export function chosenKernels(): KernelChoice {
  return !isPlain && tf.getKernelsForBackend(tf.getBackend()).some(({ kernelName }) => kernelName.startsWith("Tutti")) ? "fast" : "plain";
}

/** Whether the current backend has this kernel. */
export function hasFused(name: FusedKernel): boolean {
  return !isPlain && tf.getKernel(name, tf.getBackend()) !== undefined;
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
