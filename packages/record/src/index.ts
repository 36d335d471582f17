export { expectedBreakEvenRound } from "./breakEven.ts";
export { collectResult, countTexts, uploadsByRound } from "./collectResult.ts";
export { bytesOf, costHeads, costNotes, costTables } from "./costs.ts";
export { axesOf, distinctById, eitherAxes, type Grid, type GridColumn, type GridRow, gridOf, variantText } from "./grid.ts";
export type {
  ExperimentResult,
  FaultCounts,
  FaultPlan,
  LabPoint,
  LabRun,
  LabScores,
  LabUsage,
  RateChoice,
  SourceRecord,
  TaskData,
} from "./labResult.ts";
export {
  atRound,
  type LayerColumn,
  type LayerScores,
  layerScoresOf,
  type RankCorrelation,
  rankCorrelations,
  roundCorrelations,
} from "./layers.ts";
export { hashParameters } from "./parametersHash.ts";
export type { RunReport, RunResult, Scores } from "./runResult.ts";
export { type PairedDifference, pairedBootstrap, pairedBootstrapOf, type RowAnswers } from "./statistics/bootstrap.ts";
export { paretoFront } from "./statistics/pareto.ts";
export { fewestSeeds, type Summary, summarise } from "./statistics/summary.ts";
export { type EvaluationRecord, historyPoint, recordStep, type StepRecord } from "./stepRecord.ts";
export { type StepBytes, type TrafficLabel, type TrafficTotals, trafficLabels, type WireBytes } from "./traffic.ts";
