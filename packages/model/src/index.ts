export {
  type PackedTensor,
  type Packing,
  packedSizes,
  packingFor,
  packTensor,
  type TensorEncoding,
  tensorEncodings,
  unpackRows,
  unpackTensor,
} from "@tutti/core";
export { type BackboneCache, cacheStorageCache, defaultCache, indexedDbCache, memoryCache, noCache } from "./backbone/cache.ts";
export { backboneFromSafetensors, type CheckpointTexts } from "./backbone/checkpoint.ts";
export { type BackboneConfig, type Family, keyValueWidth, type RotaryScaling } from "./backbone/config.ts";
export { type ConvertOptions, type ConvertReport, convertCheckpoint, type TensorReport, withAdmission } from "./backbone/convert.ts";
export { readHubConfig } from "./backbone/hubConfig.ts";
export { type LoadOptions, loadBackbone, type ReadFile } from "./backbone/load.ts";
export { type AdmissionNumbers, type BackboneManifest, manifestSchema, parseManifest } from "./backbone/manifest.ts";
export type { PackedBackbone } from "./backbone/packed.ts";
export { readSafetensors, writeSafetensors } from "./backbone/safetensors.ts";
export { type TensorName, tensorNames } from "./backbone/tensorNames.ts";
export { createTransformer, type Transformer } from "./backbone/transformer.ts";
export type { BackendChoice, ChosenBackend } from "./backendChoice.ts";
export { chooseBackend, startBackend } from "./backends.ts";
export type { BackendNote, BackendWhy, NamedBackend } from "./backendWhy.ts";
export { type ComputePorts, createComputeTrainer } from "./compute/computeTrainer.ts";
export { createTrainer, type TrainerPorts } from "./device.ts";
export { generationOf } from "./deviceTasks.ts";
export { centredLogits, type EncodingErrors, logitsError, measureEncoding, reencoded, type Sample, sampleOf } from "./encodingErrors.ts";
export {
  type CausalReader,
  type ContinuationOptions,
  continueText,
  createCausalReader,
  createTunedReader,
  type GenerationOptions,
  generate,
} from "./generation.ts";
export { countGpu, type GpuCounters, runningGpuDevice } from "./gpu/gpuCounters.ts";
export { whenGpuLost } from "./gpu/gpuLoss.ts";
export { chooseKernels, chosenKernels, type KernelChoice } from "./kernels/fusedKernels.ts";
export { offerThreads } from "./kernels/wasm/install.ts";
export { type ChosenWord, chooseLabelWords } from "./labelWords.ts";
export { createPredictor, type Predictor } from "./predictor.ts";
export { mergedBackbone, requireMergeable, writeMergedFolder } from "./prompts/merged.ts";
export { type PeftAdapter, type PeftFolderFiles, peftFiles, readPeftFolder, writePeftFolder } from "./prompts/peftFolder.ts";
export { type NoPeft, type PeftBackbone, peftFormOf, peftForms } from "./prompts/peftForms.ts";
export { readPromptsFile, type TunedPrompts, writePromptsFile } from "./prompts/promptsFile.ts";
export { type StartOrigin, type StartParams, type StartRun, type StartSource, startParams } from "./prompts/startParams.ts";
export { createProxyPredictor, type ProxyAnswerer, type ProxyPair, type ProxyPredictor } from "./proxyPredictor.ts";
export type { BackendName, BackendOptions, StartedBackend } from "./startedBackend.ts";
export {
  choosePrompt,
  createPlainEncoder,
  createTaskEncoder,
  createTemplate,
  type EncodedText,
  type ExampleEncoder,
  fillTemplate,
  type TokenizedPrompt,
} from "./template.ts";
export { type AnswerRequest, createTextPredictor, type TextPredictor } from "./textPredictor.ts";
export { createTokenizer, type TextTokenizer } from "./tokenizer.ts";
export {
  type Admission,
  type DeviceSource,
  type LoadProgress,
  type StepProgress,
  type Trainer,
  type TrainerReady,
  type TrainerResult,
  type TrainerSetup,
  type TrainerTask,
  trainerTask,
} from "./trainer.ts";
export { admissionTolerance, computeAdmission, testAdmission } from "./training/admission.ts";
export { createPacer, type Pacer } from "./training/pacer.ts";
export { usePacer } from "./training/pause.ts";
export { type SourceTraining, trainSourcePrompt } from "./trainSourcePrompt.ts";
export type { Candidate } from "./tryout/candidates.ts";
export { openTryout } from "./tryout/openTryout.ts";
export type {
  Answerer,
  AskedText,
  DrawRequest,
  DrawStep,
  Fit,
  Tryout,
  TryoutReady,
  TryoutSetup,
  TunedFacts,
} from "./tryout/tryout.ts";
export type { WordEffect } from "./tryout/words.ts";
export { tuneAlone } from "./tuneAlone.ts";
export { type TunedLayout, tunedLayout } from "./tuning/layout.ts";
export { fetchSourcePrompts, parseSourcePrompt, type SourcePrompt } from "./tuning/sourcePrompts.ts";
export { type ExpectedLogits, expectedError, expectedTolerance, parseExpectedLogits } from "./verify/expectedLogits.ts";
export { type GoldenErrors, goldenErrors, type VerifyOptions } from "./verify/goldenErrors.ts";
export type { GoldenFile } from "./verify/goldenFile.ts";
export { goldenTolerance, pastTolerance, verifyBackbone } from "./verify/verifyBackbone.ts";
export type { LoadPorts } from "./workplace.ts";
