export {
  type AttackKind,
  type AttackPlan,
  attackAxis,
  attackersAxis,
  attackKinds,
  attackPlanSchema,
  type BackdoorRecord,
  noAttack,
  type Trigger,
  triggerSchema,
} from "./attack.ts";
export {
  type AttackCell,
  type AttackLine,
  type AttackTable,
  attackTables,
  attackTolerance,
  isAttacked,
  isTolerated,
} from "./attackTable.ts";
export { expectedBreakEvenRound, type RoundUploads } from "./breakEven.ts";
export { type BusyShares, busyShares, phaseOf, type RunPhase, runPhases } from "./busyShares.ts";
export { type CollectedRun, collectRecord, failedRecord, type RunCircumstances, uploadsByRound } from "./collectRecord.ts";
export { type ComparedCell, type Comparison, compareExperiments, hasEnoughSeeds, type Remark } from "./compare.ts";
export { bytesOf, type Cost, costTables } from "./costs.ts";
export { bestOnValidation, curveOf, testScores } from "./curve.ts";
export {
  type ExperimentResult,
  experimentResultSchema,
  type RateChoice,
  type SourceRecord,
  type TaskData,
} from "./experimentResult.ts";
export { type FleetCost, type FleetDevice, fleetTables } from "./fleets.ts";
export { axesOf, distinctById, eitherAxes, fleetAxis, type Grid, type GridColumn, type GridRow, gridOf, variantText } from "./grid.ts";
export {
  atRound,
  type LayerColumn,
  type LayerScores,
  layerScoresOf,
  type RankCorrelation,
  rankCorrelations,
  roundCorrelations,
} from "./layers.ts";
export { type Learnt, type Movement, movementOf } from "./movement.ts";
export { levelAxis, type NoisePlan, noiseAxis, noisePlanSchema, noNoise } from "./noise.ts";
export { type OtherModel, otherModelsOf } from "./otherModels.ts";
export { hashParameters } from "./parametersHash.ts";
export { type RunOrigin, runOriginSchema } from "./runOrigin.ts";
export { positionOf, progressOf, type StageProgress, type UnderWay, type WholeProgress } from "./runProgress.ts";
export type {
  DeviceSpread,
  FaultCounts,
  FaultPlan,
  RunIdentity,
  RunPoint,
  RunPosition,
  RunRecord,
  RunScores,
  RunUsage,
} from "./runRecord.ts";
export { runRecordSchema } from "./runRecord.ts";
export { numDevicesOf, type RunResult, resultOf, type Scores, scoresIn } from "./runResult.ts";
export { type DoneStep, estimateSecondsLeft, scheduleOf, stageFraction, trainingSteps } from "./schedule.ts";
export {
  type Analysis,
  analyse,
  type CountRange,
  cellSummary,
  type Moment,
  numTextsOf,
  rangeOf,
  reportedProtocols,
  type ScoreCell,
  type ScoreTable,
  type SpreadCell,
  type SpreadTable,
  scoreTable,
} from "./scoreTable.ts";
export type { SettingDifference } from "./settingDifferences.ts";
export { experimentOfRun, identityOfRun } from "./singleRun.ts";
export { spreadOf, spreadOfTexts } from "./spread.ts";
export { type PairedDifference, pairedBootstrap, pairedBootstrapOf, type RowAnswers, type RowScores } from "./statistics/bootstrap.ts";
export { paretoFront } from "./statistics/pareto.ts";
export { fewestSeeds, type Summary, summarise } from "./statistics/summary.ts";
export {
  type ClientSeconds,
  type DeviceTime,
  type EvaluationRecord,
  historyPoint,
  recordStep,
  type StepMeasures,
  type StepRecord,
  shownAnswers,
} from "./stepRecord.ts";
export { measureTexts, poolTexts, type TextMeasures, type TextRecord } from "./textRecord.ts";
export { type TextSummaries, type TextTable, textScoreNames, textTables, untunedScores } from "./textTable.ts";
export { type TradeoffPoint, tradeoffPoints } from "./tradeoff.ts";
export { type StepBytes, type TrafficLabel, type TrafficTotals, trafficLabels, type WireBytes } from "./traffic.ts";
