import type { MethodName, Metric, RunSettings } from "@tutti/core";
import type { FaultPlan } from "@tutti/record";

/** A run of an experiment before it has run. */
export interface PlannedRun {
  /** Hash of all that decides its numbers but the backend. */
  readonly id: string;
  readonly method: MethodName | "settings";
  readonly methodTitle: string;
  readonly variant: Readonly<Record<string, string | number | boolean>>;
  readonly isRateTrial: boolean;
  readonly task: string;
  readonly metric: Metric;
  readonly settings: RunSettings;
  readonly faults: FaultPlan | null;
}

/** One line of an experiment's tables: a method with a variant on a task, over all seeds. */
export interface Cell {
  readonly method: PlannedRun["method"];
  readonly methodTitle: string;
  readonly task: string;
  readonly variant: PlannedRun["variant"];
  /** Which choice of a rate it follows; null where no rates are tried. */
  readonly rateKey: string | null;
  /** What it tries; null where it takes over another's choice. */
  readonly rateValues: readonly number[] | null;
  /** What a reader has to know of its runs; null where there is nothing. */
  readonly note: string | null;
  run(seed: number, clientLearningRate: number | null): PlannedRun;
}

/** The runs that choose a rate. */
export interface RateGroup {
  readonly key: string;
  readonly method: PlannedRun["method"];
  readonly task: string;
  readonly seed: number;
  readonly trials: readonly { readonly clientLearningRate: number; readonly run: PlannedRun }[];
}

/** An experiment's runs in their order. */
export interface ExperimentPlan {
  readonly cells: readonly Cell[];
  readonly rateGroups: readonly RateGroup[];
  /** Where runs differ from what the file says, in sentences. */
  readonly notes: readonly string[];
  /** All runs that tables show; a rate that is not chosen yet counts as the method's own. */
  finalRuns(chosen: ReadonlyMap<string, number | null>): readonly PlannedRun[];
}
