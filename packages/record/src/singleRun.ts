import { isModule, type MainMetric, type MethodName, methods, type RunSettings, strategyTitle } from "@tutti/core";
import type { ExperimentResult } from "./experimentResult.ts";
import type { RunIdentity, RunRecord } from "./runRecord.ts";

/** The identity of a run that no experiment planned: a method of the comparison where its settings are exactly that one's. */
export function identityOfRun(id: string, settings: RunSettings, metric: MainMetric): RunIdentity {
  const method = methodOf(settings);
  const ownTitle = isModule(settings.strategy) ? strategyTitle(settings.strategy) : "These settings";
  return {
    id,
    method: method ?? "settings",
    methodTitle: method === null ? ownTitle : methods[method].title,
    variant: {},
    isRateTrial: false,
    task: settings.task,
    metric,
    seed: settings.seed,
    settings,
  };
}

function methodOf(settings: RunSettings): MethodName | null {
  const wanted = textOf(settings);
  const names = Object.keys(methods) as MethodName[];
  return names.find((name) => textOf(methods[name].settings(settings)) === wanted) ?? null;
}

/** Settings with their names in order, so that equal ones are equal texts. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner,
  );
}

/** A run by itself as an experiment of one run. */
export function experimentOfRun(
  record: RunRecord,
  about: Pick<ExperimentResult, "startedAt"> & Partial<Pick<ExperimentResult, "command" | "title">>,
): ExperimentResult {
  return {
    name: record.id,
    title: `${record.task} on ${record.settings.backbone}`,
    preset: null,
    question: "",
    commit: record.commit ?? null,
    machine: record.machine ?? "unknown machine",
    experiment: {},
    notes: [],
    data: [],
    rates: [],
    runs: [record],
    ...about,
  };
}
