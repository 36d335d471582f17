import { appendFileSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import type { StepRecord } from "../results/runResult.ts";

/** What a demo is resumed from; `config.json` in its run folder. */
export interface DemoConfig {
  readonly runId: string;
  readonly numTabs: number;
  /** Given to every tab; null until it was measured. */
  readonly backend: string | null;
  readonly backendReason: string;
  readonly threads: number;
  readonly settings: RunSettings;
}

/** Writes a file so that a reader never sees half of it. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

/** The files of one run: `config.json`, `rounds.jsonl` and what is written at the end. */
export async function openRunFolder(runsFolder: string, runId: string) {
  const folder = join(runsFolder, runId);
  await mkdir(folder, { recursive: true });
  const path = (name: string) => join(folder, name);
  return {
    folder,
    path,
    writeConfig: (config: DemoConfig) => writeWhole(path("config.json"), `${JSON.stringify(config, null, 2)}\n`),
    /** The steps of earlier sittings, oldest first. */
    async readSteps(): Promise<StepRecord[]> {
      const text = await readFile(path("rounds.jsonl"), "utf8").catch(() => "");
      return text.split("\n").flatMap((line) => (line.trim() === "" ? [] : [JSON.parse(line) as StepRecord]));
    },
    writeSteps: (steps: readonly StepRecord[]) =>
      writeWhole(path("rounds.jsonl"), steps.map((step) => `${JSON.stringify(step)}\n`).join("")),
    appendStep: (step: StepRecord) => appendFileSync(path("rounds.jsonl"), `${JSON.stringify(step)}\n`),
  };
}

export type RunFolder = Awaited<ReturnType<typeof openRunFolder>>;

/** The configuration of a run that was stopped; throws a sentence when there is none. */
export async function readDemoConfig(runsFolder: string, runId: string): Promise<DemoConfig> {
  const path = join(runsFolder, runId, "config.json");
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) throw new Error(`there is no run ${runId} to resume: ${path} does not exist; \`tutti run list\` shows the runs`);
  return JSON.parse(text) as DemoConfig;
}

/** A run's name: when it began and what it learns, such as `20260102-030405-topic`. */
export function nameRun(start: Date, task: string): string {
  const stamp = start.toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${stamp}-${task.split("/").at(-1)}`;
}
