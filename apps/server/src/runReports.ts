import { statSync } from "node:fs";
import { join } from "node:path";
import { createStrategy, type ExpectedStep, type MainMetric, type Strategy, type StrategyState, type StrategySummary } from "@tutti/core";
import {
  collectRecord,
  type ExperimentResult,
  experimentOfRun,
  hashParameters,
  identityOfRun,
  positionOf,
  type RunCircumstances,
  type RunOrigin,
  type RunRecord,
} from "@tutti/record";
import { createReporter, type ReporterPorts } from "@tutti/report/reporter";
import { nameMachine } from "@tutti/terminal";
import type { Coordinator, RunOutcome } from "./coordinator.ts";
import type { TunedParameters } from "./tuned.ts";

/** What a run's report needs beside its coordinator. */
export interface RunReportOptions extends Pick<ReporterPorts, "everyMs" | "render" | "onTrouble"> {
  /** The main score of the run (`mainMetric`). */
  readonly metric: MainMetric;
  readonly tuned: TunedParameters;
  /** The one that the run's settings name when absent. */
  readonly strategy?: Strategy;
  /** Of always answering the commonest class of the training data. */
  readonly majority?: RunCircumstances["majority"];
  /** Sentences for the reader. */
  readonly notes?: readonly string[];
}

/** Keeps report.html, results.json and results.csv in a run's folder while it goes. */
export interface RunReports {
  /** Writes the last report, once: of the outcome, or of a run that stops before its end. */
  finish(outcome: RunOutcome | null): Promise<void>;
}

/** What a coordinator is looked at for. */
type Watched = Pick<Coordinator, "runId" | "folder" | "config" | "origin" | "clients" | "traffic" | "steps" | "subscribe">;

/** Reports a coordinator's run from here on; nothing here can stop it. */
export function keepRunReports(coordinator: Watched, options: RunReportOptions): RunReports {
  const { run } = coordinator.config;
  const strategy = options.strategy ?? createStrategy(run);
  const schedule = stepsFrom(coordinator.origin, strategy.schedule(run));
  const identity = identityOfRun(coordinator.runId, run, options.metric);
  const startedAt = startOf(coordinator.folder);
  const [startMs, earlierSeconds] = [performance.now(), coordinator.steps().reduce((sum, { seconds }) => sum + seconds, 0)];
  let state: StrategyState | null = null;
  let outcome: RunOutcome | null = null;
  let isRunning = true;

  function record(summary: StrategySummary): RunRecord {
    const steps = coordinator.steps();
    const { majority = null, notes = [], tuned } = options;
    return collectRecord(
      identity,
      { summary, steps, traffic: coordinator.traffic(), allParams: tuned.initial, schedule },
      {
        ...circumstancesOf(coordinator),
        majority,
        notes,
        machine: nameMachine(),
        totalSeconds: earlierSeconds + (performance.now() - startMs) / 1000,
        ...(outcome === null
          ? { position: positionOf(schedule, steps, { at: new Date().toISOString(), isRunning }) }
          : { parametersSha256: hashOf(outcome) }),
      },
    );
  }

  function collect(): ExperimentResult | null {
    const summary = outcome?.summary ?? (state === null ? null : strategy.summary(state));
    return summary === null ? null : experimentOfRun(record(summary), { startedAt });
  }

  const { folder } = coordinator;
  const reporter = createReporter({ ...options, folder, collect });
  const unsubscribe = coordinator.subscribe((event) => {
    if (event.kind !== "closed") return;
    state = event.state; // the records of the same steps are there by now
    reporter.changed();
  });
  let finished: Promise<void> | null = null;

  async function writeLast(last: RunOutcome | null): Promise<void> {
    unsubscribe();
    outcome = last;
    isRunning = false;
    await reporter.finish();
  }

  return {
    finish(last) {
      finished ??= writeLast(last);
      return finished;
    },
  };
}

/** When the run's first process began: config.json is written once. */
function startOf(folder: string): string {
  return (statSync(join(folder, "config.json"), { throwIfNoEntry: false })?.mtime ?? new Date()).toISOString();
}

/** The steps that are a run's own: a branch begins behind the round that it leaves. */
function stepsFrom(origin: RunOrigin | null, schedule: readonly ExpectedStep[]): readonly ExpectedStep[] {
  if (origin?.kind !== "branch") return schedule;
  return schedule.filter(({ stage, round }) => stage === "train" && round > origin.round);
}

function circumstancesOf({ clients, config, origin }: Pick<Watched, "clients" | "config" | "origin">) {
  const known = clients();
  const backends = new Set(known.flatMap(({ backend }) => backend ?? []));
  return {
    backend: backends.size === 0 ? (config.backend ?? "unknown") : [...backends].join(", "),
    clients: "any",
    numClients: known.length,
    ...(origin === null ? {} : { origin }),
    ...(config.threads === null ? {} : { threads: config.threads }),
  } as const;
}

function hashOf({ globalParams, deviceStates }: RunOutcome): string {
  return hashParameters(globalParams, new Map([...deviceStates].map(([deviceId, { local }]) => [deviceId, local])));
}
