export { type AggregationFault, fewestUpdates, type TakenRules } from "./aggregation/conditions.ts";
export { type AggregationRuleName, type AggregationSettings, aggregationRules, aggregationSchema, ruleOf } from "./aggregation/table.ts";
export { branchFaults } from "./branchFaults.ts";
export { type LocalSearchResult, numJudgedPoints, passesOf, searchLocally } from "./cmaEs/localSearch.ts";
export { drawDisplacement, type SearchState, startSearch } from "./cmaEs/search.ts";
export { searchTensors } from "./cmaEs/searchTensors.ts";
export type { Role } from "./comparison.ts";
export { carriesTensors, computeDeviceId, isComputeKind } from "./computing.ts";
export { type ClaimLimits, claimLimit, countedExamples } from "./countedExamples.ts";
export { deepFrozen } from "./deepFrozen.ts";
export { type Deferred, deferred } from "./deferred.ts";
export type { DeviceState } from "./deviceState.ts";
export { decodeTensor, encodedSize, encodeTensor, fromF16, roundTrip, toF16 } from "./encoding.ts";
export { type Follower, followed, followers } from "./following.ts";
export type {
  EditBody,
  EditSpec,
  ForwardSpec,
  PerturbBody,
  PerturbSpec,
  SearchBody,
  SearchSpec,
  SeedPoolSpec,
  TokenWords,
} from "./forwardWork.ts";
export { withoutResting } from "./helperDevices.ts";
export { shareOf } from "./laterShares.ts";
export { countSeen, countSteps, type LocalWork, taskSteps, trainingOfTask, workOfTask } from "./localSteps.ts";
export {
  allComponents,
  componentsAt,
  type LiveComponents,
  liveOf,
  maskOf,
  placesIn,
} from "./lowRank/liveComponents.ts";
export { mergeLowRank } from "./lowRank/merge.ts";
export { type DrawnMerge, mergeByDraws } from "./lowRank/mergeByDraws.ts";
export { addToResidual, missingFrom, type Residual, residualBytes, stackedFactors } from "./lowRank/residual.ts";
export type { LowRankTerm } from "./lowRank/terms.ts";
export { type LowRankFactors, truncateTo, truncationError } from "./lowRank/truncate.ts";
export type { Method, MethodName } from "./methods.ts";
export { findMethod, methodNames, methods } from "./methods.ts";
export type { Confusion, Metric } from "./metrics.ts";
export { accuracy, classF1, confusionOf, macroF1, majorityShare, matthews, measure, mergeConfusions, numCounted } from "./metrics.ts";
export type { AdamWSettings, AdamWState } from "./optimizers/adamW.ts";
export { initAdamW, stepAdamW } from "./optimizers/adamW.ts";
export type { MomentumSettings, MomentumState } from "./optimizers/momentum.ts";
export { initMomentum, stepMomentum } from "./optimizers/momentum.ts";
export { addProximal } from "./optimizers/proximal.ts";
export { warmedUpRate } from "./optimizers/warmup.ts";
export { drawPoisoned, poisoned, poisonFactor } from "./orders/poisoned.ts";
export {
  type HoldingOrder,
  type InForce,
  inForceAfter,
  nothingInForce,
  type Poison,
  type ScheduledOrder,
  type StandingOrder,
  standingOrderSchemas,
  takenBack,
} from "./orders/standingOrder.ts";
export { type GivenOrders, inForceNow, isTooFew, loopOrders, pausedByOperator, runOf, sampledSize } from "./orders/underOrders.ts";
export { isEnough } from "./pacing/closing.ts";
export { freshPace, type Pace, type PaceRules } from "./pacing/pace.ts";
export type { Standing } from "./pacing/standing.ts";
export { nf4 } from "./packing/fourBits.ts";
export {
  aligned,
  alignment,
  type PackedTensor,
  type Packing,
  packedSizes,
  packingFor,
  packRows,
  packTensor,
  rowsOf,
  sectionsOf,
  type TensorEncoding,
  tensorEncodings,
  unpackRows,
  unpackTensor,
} from "./packing/pack.ts";
export { frozenOf, frozenSetName, isFrozenSet, mapParameterSets, taskParams } from "./parameterSets.ts";
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
export type { DealSettings, DealtShares, DeviceShare, PartitionInput, SkewSettings } from "./partition.ts";
export { dealShares, dealSkewed } from "./partition.ts";
export { addManySigns, type Movement } from "./perturbation/manySigns.ts";
export { perturbedOffsets } from "./perturbation/numbering.ts";
export { addSigns, fillSigns, type SignRange, signAt, signKey, signWord } from "./perturbation/signs.ts";
export {
  type DoneTask,
  type HeldTask,
  type Placement,
  patienceFor,
  placeTasks,
  type TaskTaker,
  timesLeft,
  type WaitingTask,
} from "./placement.ts";
export { clientAddress, quotaAddress, type SeenAddress } from "./places/clientAddress.ts";
export { presets } from "./presets.ts";
export type { Publication } from "./publication.ts";
export { type PublicRowsRun, publicRows } from "./publicRows.ts";
export type { Random, RandomStream, StreamName } from "./random.ts";
export { createRandom } from "./random.ts";
export { fullBucket, returnToken, type Taken, type TokenBucket, type TokenRate, takeToken } from "./rates/tokenBucket.ts";
export { isResidualName, isResidualSet, oneAboveOther, residualOf, residualPrefix, sideBySide } from "./residualParams.ts";
export type { DevicePool, ResumedStep, RoundEvent, RoundsOptions, Step } from "./rounds.ts";
export { neededContributions, runRounds } from "./rounds.ts";
export type { RunSettings } from "./run.ts";
export { safetensorsHeader, tensorBytes, writeSafetensors } from "./safetensors.ts";
export type { Lack, Missed, Saying } from "./sayings.ts";
export { findExpected, numRoundsIn, remainingSteps, type StepPlace } from "./schedule.ts";
export type { LanczosSettings, MatrixProduct, RitzSpectrum } from "./selection/lanczos.ts";
export { lanczos, rademacher } from "./selection/lanczos.ts";
export type { KeepRatio, ProbeScale } from "./selection/layerCount.ts";
export { findKeepRatio } from "./selection/layerCount.ts";
export type { ScoringInput, StateSelector } from "./selection/layerScores.ts";
export { distinctSequences, readsStates, scoreBounds, scoreLayers } from "./selection/layerScores.ts";
export { combineLayerScores } from "./selection/selectLayers.ts";
export { type SettingChange, settingChanges } from "./settingChanges.ts";
export {
  type Encoding,
  encodingSchema,
  folderNameSchema,
  fractionSchema,
  integer,
  type LayerSelector,
  layerSelectorSchema,
  number,
  taskNameSchema,
} from "./settings/fields.ts";
export { settingLimits } from "./settings/limits.ts";
export { type PublicTextsSettings, publicTextsSchema } from "./settings/publicTexts.ts";
export { type PartitionSettings, type RunConditions, runConditions, type TrainingSettings } from "./settings/runConditions.ts";
export { sha256Hex, sha256HexSync } from "./sha256.ts";
export { shownRows } from "./shownRows.ts";
export { sourcePromptPath, sourcePromptPaths } from "./sourcePromptPath.ts";
export { denseOf, isSparseName, numSparse, sparseNameOf, sparsePlaces } from "./sparseParams.ts";
export { aggregationWork } from "./strategies/aggregationWork.ts";
export { average, averageSent, combinedChange, contributionsOf, exampleWeights, sentParams } from "./strategies/averaging.ts";
export { noDeviceConnected } from "./strategies/cohort.ts";
export {
  type BackwardPasses,
  declareStrategy,
  type RunRule,
  type StrategyMethod,
  type StrategySettingsOf,
} from "./strategies/declaration.ts";
export type { FedAvgSettings, FedAvgState } from "./strategies/fedAvg.ts";
export { fedAvg } from "./strategies/fedAvg.ts";
export { createSearchReplica, type SearchReplica, type SearchTask } from "./strategies/fedBpt/replica.ts";
export { stepSizeRuleSchema } from "./strategies/fedBpt/settings.ts";
export { searched } from "./strategies/fedBpt/state.ts";
export { toldTensors } from "./strategies/fedBpt/toldRound.ts";
export { type DevicePrompt, type MergeSettings, mergePrompts } from "./strategies/fedDtpt/mergePrompts.ts";
export { inSteps, onGrid } from "./strategies/fedKSeed/accumulators.ts";
export { scalars } from "./strategies/fedKSeed/decisions.ts";
export { createSeedReplica, type OnReplayed, type PooledTask, type SeedReplica } from "./strategies/fedKSeed/replica.ts";
export { moveAtOnce, moveParams, seedPool } from "./strategies/fedKSeed/seedPool.ts";
export { type FedOptSettings, fedOpt } from "./strategies/fedOpt.ts";
export { fedPepTao } from "./strategies/fedPepTao/index.ts";
export type { ServerMemory, ServerStepOptions, ServerStepResult } from "./strategies/fedPepTao/serverStep.ts";
export { serverStep } from "./strategies/fedPepTao/serverStep.ts";
export type { FedPepTaoSettings } from "./strategies/fedPepTao/settings.ts";
export type { FedPepTaoState, FedPepTaoValues } from "./strategies/fedPepTao/state.ts";
export { allBits, type BackboneCost, type Bits, backboneCost, type RoundWork } from "./strategies/fedPipe/costs.ts";
export {
  addSensitivity,
  componentScores,
  matrixScores,
  noSensitivity,
  type Sensitivity,
  sensitivityScores,
} from "./strategies/fedPipe/importance.ts";
export { bitsOnJoining, type Joining } from "./strategies/fedPipe/joining.ts";
export { type DeviceMachine, type DevicePlan, type LeftOut, type PlannedDevice, plansAfter, ranksText } from "./strategies/fedPipe/plan.ts";
export { bitsFor, type PlanningLimits, planDevice } from "./strategies/fedPipe/planner.ts";
export { baseFormOf, type ClientMachine, type ClientProfile, clientProfileSchema } from "./strategies/fedPipe/profile.ts";
export { type RankTable, rankTable, type ScoredMatrix } from "./strategies/fedPipe/rankTable.ts";
export { type FedPtSettings, type FedPtState, fedPt } from "./strategies/fedPt.ts";
export { directionSeed, slopes } from "./strategies/forwardTier/estimate.ts";
export type { ForwardTierSettings } from "./strategies/forwardTier/settings.ts";
export { type GlobalModelRule, type GlobalModelState, type GlobalModelValues, globalModel } from "./strategies/globalModel.ts";
export { prunedRank } from "./strategies/hetLora/pruning.ts";
export { isModule } from "./strategies/isModule.ts";
export { type LocalSettings, local } from "./strategies/local.ts";
export {
  brokenModuleRules,
  type ModuleSettings,
  moduleNames,
  ownSettingsSchema,
  rememberStrategy,
  type StrategyDeclaration,
} from "./strategies/module.ts";
export { looksAtMachines, planningOf, proxyTuningOf, publicTextsOf, tokensPerTextOf } from "./strategies/ownSettings.ts";
export { type PlannedIn, plannedSeconds } from "./strategies/plannedSeconds.ts";
export { type ProxyReference, proxyScores, type ThreeScores } from "./strategies/proxyScores.ts";
export { type ScaffoldSettings, scaffold } from "./strategies/scaffold.ts";
export { sentForm } from "./strategies/sentForm.ts";
export { type ServerRateSchedule, serverRates } from "./strategies/serverRates/table.ts";
export { asResidual } from "./strategies/sLora/stages.ts";
export type {
  AsJson,
  Evaluation,
  ExpectedStep,
  Json,
  SpectrumProbe,
  Strategy,
  StrategyRun,
  StrategyState,
  StrategySummary,
} from "./strategies/strategy.ts";
export {
  aggregationFaultOf,
  backwardPassesOf,
  createStrategy,
  type DeclaredSettings,
  defaultStrategy,
  lacksEdits,
  needsCompute,
  needsSingleContributions,
  type StrategyName,
  type StrategySettings,
  selectorOf,
  strategies,
  strategyRules,
  strategySchema,
  strategyTitle,
} from "./strategies/table.ts";
export { under, withPrefix } from "./strategies/tensors.ts";
export { answersDeadlineMs, type WantedAnswers, withAnswers } from "./strategies/withAnswers.ts";
export type {
  AnswersBody,
  AnswersSpec,
  ClassificationResult,
  Contribution,
  ContributionBody,
  Device,
  DeviceId,
  DistilBody,
  DistilSpec,
  Done,
  EvaluationResult,
  LogitsBody,
  LogitsSpec,
  ParameterSets,
  PlannedTask,
  Protocol,
  RoundPlan,
  ShownAnswer,
  Split,
  Stage,
  TaskExpectation,
  TaskKind,
  TaskSpec,
  TextResult,
  Waiting,
} from "./task.ts";
export type { TaskOutcome } from "./taskOutcome.ts";
export { compareTexts, isExactMatch } from "./textMetrics/compareTexts.ts";
export {
  isTextMetric,
  type JudgedTask,
  liveScore,
  type MainMetric,
  mainMetric,
  metricOnSplit,
  needsAnswers,
} from "./textMetrics/mainMetric.ts";
export { longestCommonSubsequence, type RougeL, rougeL, rougeTokens } from "./textMetrics/rougeL.ts";
export { measureText, noText, type TextScores, textScores } from "./textMetrics/textScores.ts";
export { addTextSums, type GeneratedSums, type TextMetric, type TextSums } from "./textSums.ts";
export { tokenTable, tokenTableHash } from "./tokenTable.ts";
export type { SourcePromptNames, TuningCommon } from "./tunings/declaration.ts";
export { maxVocabulary, promptIds, promptOf, promptParams } from "./tunings/discretePrompt.ts";
export type { BackboneSizes, BackboneWeight, InitialValues, TunedEntry } from "./tunings/entry.ts";
export { type LoraPair, loraPairs } from "./tunings/loraFactors.ts";
export { type LoraMatrix, type LoraOwn, type LoraTarget, loraMatrices, loraShape, loraTargets } from "./tunings/loraMatrices.ts";
export { projectedPrompt, projectionIntegers, projectionStdDev } from "./tunings/projectedPrompt.ts";
export { isSvdName, type SvdTriplet, svdTriplets, tripletOf } from "./tunings/svdTriplets.ts";
export {
  editedTokensOf,
  hasFactors,
  hasLayers,
  promptTokensOf,
  sourcePromptsOf,
  type TunedMethod,
  type TuningMethodName,
  type TuningSettings,
  type TuningSettingsOf,
  tuningMeaning,
  tuningMisfits,
  tuningOf,
  tuningSchema,
  tunings,
} from "./tunings/table.ts";
export { type TrainOwn, tensorTrain, trainFactors } from "./tunings/tensorTrain.ts";
export { coreShapes } from "./tunings/tensorTrainCores.ts";
export { initialParams, type TunedShape, tunedEntries, tunedShape, vocabularyRows } from "./tunings/tuned.ts";
export { formatBytes, formatCount, formatNumber, formatPercent, formatScore, formatSeconds, formatWhole } from "./units.ts";
export { promptText, tokenTexts, type WordTable } from "./wordTable.ts";
