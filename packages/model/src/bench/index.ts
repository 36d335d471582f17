export { isSoftwareAdapter } from "../gpu/adapter.ts";
export { provideNodeGpu } from "../gpu/nodeGpu.ts";
export { type ContestOptions, interleave, medianRatio } from "./contest.ts";
export type { BenchBatch } from "./contestants.ts";
export type { LayerSizes } from "./kernelCases.ts";
export { type DevicePeaks, type KernelMeasurement, measureKernels, measurePeaks } from "./measureKernels.ts";
export {
  countDispatches,
  type MemoryMeasurement,
  measureMemory,
  measureStep,
  measureTuning,
  type StepCounts,
  type StepMeasurement,
  type TuningMeasurement,
} from "./measureStep.ts";
export { type GptShape, gptTfjsSteps, measureProducts, type ProductMeasurement } from "./others.ts";
export { type BackboneShape, packedBytes, randomBackbone, stepOperations, threeBillion } from "./shapes.ts";
export { measureSparseStep, type SparseMeasurement } from "./sparseStep.ts";
