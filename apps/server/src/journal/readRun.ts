import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createStrategy, type Params, type RunSettings, type StrategySummary } from "@tutti/core";
import { runSettingsSchema } from "@tutti/protocol";
import { ConfigError } from "../config.ts";
import type { StepRecord } from "../stepRecord.ts";
import { openJournal } from "./journal.ts";
import { lmdbStore } from "./lmdbStore.ts";

/** A run as its journal tells it, whether its coordinator runs or not. */
export interface JournalledRun {
  readonly runId: string;
  readonly folder: string;
  readonly run: RunSettings;
  /** Null before the first step was planned. */
  readonly summary: StrategySummary | null;
  readonly steps: readonly StepRecord[];
  /** Devices registered. */
  readonly numDevices: number;
  /** Every trained parameter as a newcomer gets it; null before the first step was planned. */
  readonly newcomerParams: Params | null;
}

/** Ids of the runs in a data folder, in alphabetical order. */
export function listRunIds(dataDir: string): string[] {
  if (!existsSync(dataDir)) return [];
  return readdirSync(dataDir)
    .filter((name) => existsSync(journalFile(dataDir, name)))
    .sort();
}

/** Reads a run without changing it; throws a ConfigError that lists what there is when there is no such run. */
export async function readRun(dataDir: string, runId: string): Promise<JournalledRun> {
  if (!existsSync(journalFile(dataDir, runId))) {
    const known = listRunIds(dataDir);
    throw new ConfigError(
      `${dataDir} holds no run ${runId}; ${known.length === 0 ? "it holds none at all" : `it holds ${known.join(", ")}`}`,
    );
  }
  const journal = openJournal(lmdbStore(join(dataDir, runId, "journal"), { isReadOnly: true }));
  try {
    const contents = journal.contents();
    if (contents === null) throw new ConfigError(`run ${runId}: its journal is empty`);
    const run = runSettingsSchema.parse(contents.run);
    const strategy = createStrategy(run);
    const { state } = contents;
    return {
      runId,
      folder: join(dataDir, runId),
      run,
      summary: state === null ? null : strategy.summary(state),
      steps: (contents.history as { record: StepRecord }[]).map((entry) => entry.record),
      numDevices: contents.devices.filter((device) => device.numExamples !== null).length,
      newcomerParams: state === null ? null : strategy.newcomerParams(state),
    };
  } finally {
    await journal.close();
  }
}

function journalFile(dataDir: string, runId: string): string {
  return join(dataDir, runId, "journal", "data.mdb");
}
