import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createStrategy, type Json, type Params, type RunSettings, type StrategySummary } from "@tutti/core";
import { rememberLabels } from "@tutti/data/node";
import { type OrderEvent, runSettingsSchema, settingFaults } from "@tutti/protocol";
import type { RunOrigin, StepRecord } from "@tutti/record";
import { ConfigError } from "../config.ts";
import { requireFolder } from "../writableFolder.ts";
import { type Journal, openJournal } from "./journal.ts";
import { hasJournal, readStore } from "./openStore.ts";

/** A run as its journal tells it, whether its coordinator runs or not. */
export interface JournalledRun {
  readonly runId: string;
  readonly folder: string;
  readonly run: RunSettings;
  /** Null where it started from values drawn from its seed. */
  readonly origin: RunOrigin | null;
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
  requireFolder(dataDir);
  if (!existsSync(dataDir)) return [];
  return readdirSync(dataDir)
    .filter((name) => hasJournal(join(dataDir, name)))
    .sort();
}

/** Reads a run without changing it; throws a ConfigError that lists what there is when there is no such run. */
export async function readRun(dataDir: string, runId: string): Promise<JournalledRun> {
  if (!hasJournal(join(dataDir, runId))) {
    const known = listRunIds(dataDir);
    throw new ConfigError(
      known.length === 0 ? `${dataDir} has no runs` : `${dataDir} has no run ${runId}; its runs are ${known.join(", ")}`,
    );
  }
  const journal = await openReadOnly(dataDir, runId);
  try {
    const contents = journal.contents();
    if (contents === null) throw new Error(`run ${runId}: its journal is empty`);
    const run = parseSettings(contents.run, runId);
    rememberLabels(run);
    const strategy = createStrategy(run);
    const { state } = contents;
    return {
      runId,
      folder: join(dataDir, runId),
      run,
      origin: contents.start?.origin ?? null,
      summary: state === null ? null : strategy.summary(state),
      steps: (contents.history as { record: StepRecord }[]).map((entry) => entry.record),
      numDevices: contents.devices.filter((device) => device.numExamples !== null).length,
      newcomerParams: state === null ? null : strategy.newcomerParams(state),
    };
  } finally {
    await journal.close();
  }
}

/** The operator's orders to a run, whether its coordinator runs or not; none where there is no such run. */
export async function readOrders(dataDir: string, runId: string): Promise<readonly OrderEvent[]> {
  if (!hasJournal(join(dataDir, runId))) return [];
  const journal = await openReadOnly(dataDir, runId);
  try {
    return journal.contents()?.orders ?? [];
  } finally {
    await journal.close();
  }
}

async function openReadOnly(dataDir: string, runId: string): Promise<Journal> {
  const store = await readStore(join(dataDir, runId), "journal");
  try {
    return openJournal(store);
  } catch (cause) {
    throw new Error(`run ${runId}: its journal cannot be read (damaged, or of another version)`, { cause });
  }
}

/** Settings of a run from before there was maxDevices: an open roster took as many devices as it had shares, and now at least as many. */
export function withRoom(settings: Json): Json {
  if (typeof settings !== "object" || settings === null || "maxDevices" in settings || !("numDevices" in settings)) return settings;
  const { numDevices } = settings;
  return { ...settings, ...(typeof numDevices === "number" && numDevices > 500 ? { maxDevices: numDevices } : {}) };
}

function parseSettings(settings: Json, runId: string): RunSettings {
  const parsed = runSettingsSchema.safeParse(withRoom(settings));
  if (parsed.success) return parsed.data;
  const [fault] = settingFaults(runSettingsSchema, settings);
  throw new Error(`run ${runId}: its settings are of another version (${fault})`);
}
