import type { ClientProfile, MethodName } from "@tutti/core";
import type { AttackPlan, FaultPlan, NoisePlan, RunIdentity, Trigger } from "@tutti/record";

/** What is to run, and what goes wrong on purpose while it does. */
export interface RunOrder extends RunIdentity {
  readonly faults: FaultPlan | null;
  /** Tuned parameters to start from; absent for values drawn from the seed. */
  readonly startFrom?: string | undefined;
  /** The machine that each of its clients simulates; absent for none. */
  readonly fleet?: readonly ClientProfile[] | undefined;
  /** What some of its devices do to harm it; absent where all are honest. */
  readonly attackPlan?: AttackPlan | undefined;
  /** What tensors of its training tasks meet on their way; absent for nothing. */
  readonly noisePlan?: NoisePlan | undefined;
  /** The trigger that its final parameters are tried with; absent for none. */
  readonly trigger?: Trigger | undefined;
}

/** A run of an experiment before it has run; its id is a hash of all that decides its numbers but the backend. */
export interface PlannedRun extends RunOrder {
  readonly method: MethodName | "settings";
}

/** The run alone, as its record has it. */
export function identityOf(order: RunOrder): RunIdentity {
  const { faults: _, startFrom: __, fleet: ___, attackPlan: ____, noisePlan: _____, trigger: ______, ...identity } = order;
  return identity;
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
  /** Of its runs. */
  readonly seeds: readonly number[];
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
