export { decodeTensor, encodedSize, encodeTensor, fromF16, roundTrip, toF16 } from "./encoding.ts";
export type { Params, Tensor } from "./params.ts";
export {
  add,
  addScaled,
  createTensor,
  isFiniteParams,
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
  sizeOf,
  sortedNames,
  splitVector,
  subtract,
  tensorOf,
  toVector,
  weightedSum,
  zeros,
  zerosLike,
} from "./params.ts";
export type { Random, RandomStream, StreamName } from "./random.ts";
export { createRandom } from "./random.ts";
export type { Deadline, DevicePool, OpenStep, RoundEvent, RoundsOptions, TaskOutcome } from "./rounds.ts";
export { neededContributions, runRounds } from "./rounds.ts";
export type {
  Encoding,
  FedAvgSettings,
  FedPepTaoSettings,
  LayerSelector,
  PartitionSettings,
  RunSettings,
  StrategySettings,
  TrainingSettings,
  TuningSettings,
} from "./run.ts";
export type {
  AsJson,
  Evaluation,
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
  PlannedTask,
  Protocol,
  RoundPlan,
  Split,
  Stage,
  TaskKind,
  TaskSpec,
  Waiting,
} from "./task.ts";
