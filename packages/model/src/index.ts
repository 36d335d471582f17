export type { BackendName } from "./backends.ts";
export type {
  Admission,
  DeviceSource,
  DeviceState,
  LoadProgress,
  StepProgress,
  Trainer,
  TrainerReady,
  TrainerResult,
  TrainerSetup,
  TrainerTask,
} from "./trainer.ts";
export { backboneFromSafetensors, type CheckpointTexts } from "./backbone/checkpoint.ts";
export { type BackboneConfig, type Family, keyValueWidth, type RotaryScaling } from "./backbone/config.ts";
export { readHubConfig } from "./backbone/hubConfig.ts";
export { type AdmissionNumbers, type BackboneManifest, manifestSchema } from "./backbone/manifest.ts";
export { type PackedTensor, type Packing, packTensor, type TensorEncoding, unpackRows, unpackTensor } from "./backbone/pack.ts";
export type { PackedBackbone } from "./backbone/packed.ts";
export { readSafetensors, writeSafetensors } from "./backbone/safetensors.ts";
export { type TensorName, tensorNames } from "./backbone/tensorNames.ts";
