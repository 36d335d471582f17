import type { RateChoice, RunRecord } from "@tutti/record";
import type { ExperimentPlan, PlannedRun, RateGroup } from "./plannedRun.ts";
import { distinctRuns } from "./runPlan.ts";

/** What a rate is chosen by: nothing but the validation split. */
export type ValidatedRun = Pick<RunRecord, "bestValidation" | "error">;

/** The rate whose run was best on the validation split; of equals the smallest. A run that failed was not measured. */
export function chooseRate(group: RateGroup, resultOf: (runId: string) => ValidatedRun | null): RateChoice {
  const tried = group.trials.map(({ clientLearningRate, run }) => {
    const result = resultOf(run.id);
    return { clientLearningRate, runId: run.id, validation: result === null || result.error !== null ? null : result.bestValidation };
  });
  let chosen: { clientLearningRate: number; validation: number } | null = null;
  for (const { clientLearningRate, validation } of [...tried].sort((a, b) => a.clientLearningRate - b.clientLearningRate)) {
    if (validation !== null && (chosen === null || validation > chosen.validation)) chosen = { clientLearningRate, validation };
  }
  const { key, method, task, seed } = group;
  return { key, method, task, seed, tried, chosen: chosen?.clientLearningRate ?? null };
}

/**
 * All runs that an experiment takes, trials first and each once. A rate that the results there are can choose is chosen; any other counts as the
 * first of its grid.
 */
export function expectedRuns(plan: ExperimentPlan, resultOf: (runId: string) => ValidatedRun | null): readonly PlannedRun[] {
  const { rateGroups, finalRuns } = plan;
  const chosen = rateGroups.map((group): [string, number | null] => {
    const isDone = group.trials.every(({ run }) => resultOf(run.id)?.error === null);
    return [group.key, isDone ? chooseRate(group, resultOf).chosen : (group.trials[0]?.clientLearningRate ?? null)];
  });
  return distinctRuns([...rateGroups.flatMap(({ trials }) => trials.map(({ run }) => run)), ...finalRuns(new Map(chosen))]);
}
