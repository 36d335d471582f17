export { deepFrozen } from "./deepFrozen.ts";
export { type Deferred, deferred } from "./deferred.ts";
export type { DeviceState } from "./deviceState.ts";
export { decodeTensor, encodedSize, encodeTensor, fromF16, roundTrip, toF16 } from "./encoding.ts";
export { type Follower, followed, followers } from "./following.ts";
export { formatBytes, formatCount, formatNumber, formatScore, formatSeconds } from "./format.ts";
export { shareOf } from "./laterShares.ts";
export { countSteps } from "./localSteps.ts";
export type { Method, MethodName } from "./methods.ts";
export { methods } from "./methods.ts";
export type { Confusion, Metric } from "./metrics.ts";
export { accuracy, classF1, confusionOf, macroF1, majorityShare, matthews, measure, mergeConfusions, numCounted } from "./metrics.ts";
export type { AdamWSettings, AdamWState } from "./optimizers/adamW.ts";
export { initAdamW, stepAdamW } from "./optimizers/adamW.ts";
export type { MomentumSettings, MomentumState } from "./optimizers/momentum.ts";
export { initMomentum, stepMomentum } from "./optimizers/momentum.ts";
export { addProximal } from "./optimizers/proximal.ts";
export { warmedUpRate } from "./optimizers/warmup.ts";
export { mapParameterSets, taskParams } from "./parameterSets.ts";
export type { Params, Shapes, Tensor } from "./params.ts";
export {
  add,
  createTensor,
  mapParams,
  maxMagnitude,
  nameOrderedBytes,
  norm,
  numValues,
  omitNames,
  pickNames,
  requireSameShapes,
  sameShapes,
  scale,
  shapesOf,
  sizeOf,
  sortedNames,
  subtract,
  weightedSum,
  zeros,
} from "./params.ts";
export type { DealSettings, DealtShares, DeviceShare, PartitionInput } from "./partition.ts";
export { dealShares } from "./partition.ts";
export { presets } from "./presets.ts";
export type { Publication } from "./publications.ts";
export type { Random, RandomStream, StreamName } from "./random.ts";
export { createRandom } from "./random.ts";
export type { DevicePool, ResumedStep, RoundEvent, RoundsOptions, Step, TaskOutcome } from "./rounds.ts";
export { neededContributions, runRounds } from "./rounds.ts";
export type {
  AdapterTuning,
  AttemptTuning,
  Encoding,
  FedAvgSettings,
  FedOptSettings,
  FedPepTaoSettings,
  FullTuning,
  IdpgTuning,
  InputPromptTuning,
  LatePromptTuning,
  LayerSelector,
  LocalSettings,
  LoraTuning,
  PartitionSettings,
  PrefixTuning,
  RunSettings,
  ScaffoldSettings,
  StrategySettings,
  TrainingSettings,
  TuningCommon,
  TuningSettings,
} from "./run.ts";
export { findExpected, numRoundsIn, remainingSteps, type StepPlace } from "./schedule.ts";
export type { LanczosSettings, MatrixProduct, RitzSpectrum } from "./selection/lanczos.ts";
export { lanczos, rademacher } from "./selection/lanczos.ts";
export type { KeepRatio, ProbeScale } from "./selection/layerCount.ts";
export { findKeepRatio } from "./selection/layerCount.ts";
export type { ScoringInput, StateSelector } from "./selection/layerScores.ts";
export { distinctSequences, readsStates, scoreLayers } from "./selection/layerScores.ts";
export { sha256Hex, sha256HexSync } from "./sha256.ts";
export { sourcePromptPath } from "./sourcePromptPath.ts";
export { noDeviceConnected } from "./strategies/cohort.ts";
export { createStrategy } from "./strategies/createStrategy.ts";
export type { FedAvgState } from "./strategies/fedAvg.ts";
export { fedAvg } from "./strategies/fedAvg.ts";
export { fedOpt } from "./strategies/fedOpt.ts";
export { fedPepTao } from "./strategies/fedPepTao/index.ts";
export type { ServerMemory, ServerStepOptions, ServerStepResult } from "./strategies/fedPepTao/serverStep.ts";
export { serverStep } from "./strategies/fedPepTao/serverStep.ts";
export type { FedPepTaoState, FedPepTaoValues } from "./strategies/fedPepTao/state.ts";
export type { GlobalModelState, GlobalModelValues } from "./strategies/globalModel.ts";
export { local } from "./strategies/local.ts";
export { scaffold } from "./strategies/scaffold.ts";
export type {
  AsJson,
  Evaluation,
  ExpectedStep,
  Json,
  SpectrumProbe,
  Strategy,
  StrategyState,
  StrategySummary,
  TunedShape,
} from "./strategies/strategy.ts";
export type {
  Contribution,
  ContributionBody,
  Device,
  DeviceId,
  Done,
  EvaluationResult,
  ParameterSets,
  PlannedTask,
  Protocol,
  RoundPlan,
  Split,
  Stage,
  TaskExpectation,
  TaskKind,
  TaskSpec,
  Waiting,
} from "./task.ts";
export type { BackboneSizes, BackboneWeight, InitialValues, TunedEntry, TunedMethod } from "./tuned.ts";
export { initialParams, tunedEntries, tunedShape, vocabularyRows } from "./tuned.ts";
