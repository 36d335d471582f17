import { collectRecord, failedRecord, type RunRecord, type RunUsage } from "@tutti/record";
import type { RunOutcome } from "@tutti/server";
import type { PlannedRun } from "../experiment/plannedRun.ts";

/** What is known of a run beside its outcome. */
export interface RunCircumstances {
  readonly backend: string;
  readonly clients: RunRecord["clients"];
  readonly totalSeconds: number;
  readonly usage: RunUsage;
  readonly faults: RunRecord["faults"];
}

/** A finished run's record but for what its replay finds. */
export function collectRun(planned: PlannedRun, outcome: RunOutcome, circumstances: RunCircumstances): RunRecord {
  return collectRecord(identityOf(planned), { ...outcome, allParams: outcome.newcomerParams }, circumstances);
}

/** What is left of a run that did not finish. */
export function failedRun(planned: PlannedRun, clients: RunRecord["clients"], error: string): RunRecord {
  return failedRecord(identityOf(planned), clients, error);
}

function identityOf({ id, method, methodTitle, variant, isRateTrial, task, metric, settings }: PlannedRun) {
  return { id, method, methodTitle, variant, isRateTrial, task, metric, seed: settings.seed, settings };
}
