import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import { ConfigError } from "./config.ts";
import { isAlive } from "./http/control.ts";
import type { StepRecord } from "./stepRecord.ts";
import { inRunFolder, makeRunFolder } from "./writableFolder.ts";

/** Settings that came later, with what runs did before there was a choice. */
const addedLater: Readonly<Record<string, unknown>> = { optimizer: "adamW", proximal: 0, fineTuneEpochs: 0 };

/** The id that follows from a run's settings: the same command finds its run again, one that an older version began too. */
export function deriveRunId(run: RunSettings): string {
  const isOld = (name: string, value: unknown) => Object.hasOwn(addedLater, name) && addedLater[name] === value;
  const text = JSON.stringify(run, (name, value) => (isOld(name, value) ? undefined : value));
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `${run.task.replaceAll(/[^A-Za-z0-9_-]+/g, "-")}-seed${run.seed}-${digest}`.slice(0, 64);
}

/**
 * The same, or the id of a folder that is there and whose run has the same numbers: a fixed roster does not look at `minDevices`, which flags with a
 * number of devices once set to 1.
 */
export function findRunId(dataDir: string, run: RunSettings): string {
  const id = deriveRunId(run);
  const earlier = run.roster === "fixed" ? deriveRunId({ ...run, minDevices: 1 }) : id;
  return !existsSync(join(dataDir, id)) && existsSync(join(dataDir, earlier)) ? earlier : id;
}

/** The files that a run leaves beside its journal. */
export interface RunFolder {
  readonly path: string;
  writeConfig(config: unknown): void;
  /** Writes the steps of earlier processes again, since the last line of the old file may be torn. */
  startSteps(records: readonly StepRecord[]): void;
  appendStep(record: StepRecord): void;
}

/** Whether the file was not there yet; of several processes one makes it. */
function createdWith(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Keeps a folder for this process; throws a ConfigError while another process that lives has it. Returns what gives it back. */
export function lockRunFolder(folder: string, instead = "choose another run"): () => void {
  const path = join(folder, "lock");
  if (inRunFolder(folder, () => createdWith(path, String(process.pid)))) return () => rmSync(path, { force: true });
  const owner = Number(readFileSync(path, "utf8"));
  if (Number.isInteger(owner) && owner > 0 && owner !== process.pid && isAlive(owner)) {
    throw new ConfigError(
      `${folder} is in use by process ${owner}: stop that one, or ${instead} (if ${owner} is something else, remove ${path})`,
    );
  }
  writeFileSync(path, String(process.pid));
  return () => rmSync(path, { force: true });
}

/** Opens `<dataDir>/<runId>`; with `isQuiet` nothing is written there beside the journal. */
export function openRunFolder(dataDir: string, runId: string, isQuiet: boolean): RunFolder {
  const path = join(dataDir, runId);
  makeRunFolder(path);
  const stepsPath = join(path, "rounds.jsonl");
  const configPath = join(path, "config.json");
  return {
    path,
    writeConfig(config) {
      if (!isQuiet && !existsSync(configPath)) writeFileSync(configPath, `${JSON.stringify(config, null, 2)}\n`);
    },
    startSteps(records) {
      if (!isQuiet) writeFileSync(stepsPath, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    },
    appendStep(record) {
      if (!isQuiet) appendFileSync(stepsPath, `${JSON.stringify(record)}\n`);
    },
  };
}
