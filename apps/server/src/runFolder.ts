import { createHash } from "node:crypto";
import { appendFileSync, existsSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isModule, publicTextsOf, type RunSettings } from "@tutti/core";
import type { StepRecord } from "@tutti/record";
import type { CoordinatorConfig } from "./config.ts";
import { isDiskFull } from "./journal/diskFull.ts";
import { makeRunFolder } from "./writableFolder.ts";

/** Settings that came later, with what runs did before there was a choice. */
const addedLater: Readonly<Record<string, unknown>> = { optimizer: "adamW", proximal: 0, fineTuneEpochs: 0, distillText: null };

/** The id that follows from a run's settings and from where it starts: the same command finds its run again, one that an older version began too. */
export function deriveRunId(run: RunSettings, startFrom?: CoordinatorConfig["startFrom"]): string {
  // An open roster took as many devices as it has shares; of a fixed one the bound decides nothing.
  const maxDevices = run.roster === "fixed" ? run.maxDevices : Math.max(500, run.numDevices);
  const before: typeof addedLater = { ...addedLater, maxDevices };
  const isOld = (name: string, value: unknown) => Object.hasOwn(before, name) && before[name] === value;
  const text = JSON.stringify(withoutCode(run), (name, value) => (isOld(name, value) ? undefined : value));
  const start = startFrom === undefined ? "" : JSON.stringify(startFrom);
  const digest = createHash("sha256").update(`${text}${start}`).digest("hex").slice(0, 8);
  return `${run.task.replaceAll(/[^A-Za-z0-9_-]+/g, "-")}-seed${run.seed}-${digest}`.slice(0, 64);
}

/** A run keeps its id when its module's code changes, or the file of its public texts: so it is found, and refused. */
function withoutCode(run: RunSettings): unknown {
  const texts = publicTextsOf(run);
  if (texts !== null) return { ...run, strategy: { ...run.strategy, distillText: texts.from } };
  if (!isModule(run.strategy)) return run;
  const { sha256: _, title: __, ...strategy } = run.strategy;
  return { ...run, strategy };
}

/**
 * The same, or the id of a folder that is there and whose run has the same numbers: a fixed roster does not look at `minDevices`, which flags with a
 * number of devices once set to 1.
 */
export function findRunId({ dataDir, run, startFrom }: Pick<CoordinatorConfig, "dataDir" | "run" | "startFrom">): string {
  const id = deriveRunId(run, startFrom);
  const earlier = run.roster === "fixed" ? deriveRunId({ ...run, minDevices: 1 }, startFrom) : id;
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

/** Opens `<dataDir>/<runId>`; with `isQuiet` nothing is written there beside the journal. */
export function openRunFolder(dataDir: string, runId: string, isQuiet: boolean): RunFolder {
  const path = join(dataDir, runId);
  makeRunFolder(path);
  const stepsPath = join(path, "rounds.jsonl");
  const configPath = join(path, "config.json");
  const steps = createLines(stepsPath);
  return {
    path,
    writeConfig(config) {
      if (!isQuiet && !existsSync(configPath)) writeFileSync(configPath, `${JSON.stringify(config, null, 2)}\n`);
    },
    startSteps(records) {
      if (!isQuiet) writeFileSync(stepsPath, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    },
    appendStep(record) {
      if (!isQuiet) steps.append(`${JSON.stringify(record)}\n`);
    },
  };
}

/** Lines at the end of a file. What a full disk does not take is written with the next one; the journal has it, too. */
function createLines(path: string) {
  let waiting = "";
  return {
    append(line: string): void {
      waiting += line;
      const before = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      try {
        appendFileSync(path, waiting);
        waiting = "";
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        truncateSync(path, before);
      }
    },
  };
}
