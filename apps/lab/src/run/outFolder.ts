import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type RunRecord, runRecordSchema } from "@tutti/record";
import { makeRunFolder } from "@tutti/server";
import { writeWhole } from "@tutti/terminal";
import { type BadFile, keptMemorySchema, readKept } from "./keptFiles.ts";

/** What the lab remembers of its pool from start to start, so that tabs find their storage and all runs compute alike. */
export interface PoolMemory {
  /** By slot; 0 while unknown. */
  readonly ports: readonly number[];
  readonly backend: "auto" | "webgpu" | "wasm" | "cpu";
  readonly startedAt: string;
  /** The name of the experiment; absent in memories from before it was kept. */
  readonly name?: string;
}

/** What the folders of runs hold. */
export interface FoundResults {
  /** By the run's id. */
  readonly runs: Map<string, RunRecord>;
  /** Ids of runs that were begun and have no result, or one that says what went wrong. */
  readonly unfinished: readonly string[];
  readonly bad: readonly BadFile[];
}

/** The folder of an experiment's results. */
export interface OutFolder {
  readonly path: string;
  /** Whether nothing changes on the disk: what is written is kept in memory, and nothing is set aside. */
  readonly isReadOnly: boolean;
  runFolder(id: string): string;
  /** The results there are; rejects where one is there and cannot be read. */
  readResults(): Promise<FoundResults>;
  /** Puts a run's result into its folder and takes everything else out of it, unless it failed and may go on. */
  writeResult(run: RunRecord): Promise<void>;
  readMemory(): Promise<{ readonly memory: PoolMemory | null; readonly bad: BadFile | null }>;
  writeMemory(memory: PoolMemory): Promise<void>;
  /** Renames a file that cannot serve, which is never deleted; returns its new path, or what that would be. */
  setAside(file: BadFile): Promise<string>;
}

const resultName = "result.json";
const badName = `${resultName}.bad`;

/** Opens a folder of results, making it where it is not there. */
export async function openOutFolder(path: string): Promise<OutFolder> {
  makeRunFolder(join(path, "runs"));
  return folderAt(path);
}

/** A folder of results as an estimate sees it, which may not be there. */
export function viewOutFolder(path: string): OutFolder {
  const folder = folderAt(path);
  const written = new Map<string, RunRecord>();
  return {
    ...folder,
    isReadOnly: true,
    async readResults() {
      const found = await folder.readResults();
      return { ...found, runs: new Map([...found.runs, ...written]) };
    },
    writeResult: async (run) => void written.set(run.id, run),
    writeMemory: async () => undefined,
    setAside: async (file) => freePath(`${file.path}.bad`),
  };
}

function folderAt(path: string): OutFolder {
  const runs = join(path, "runs");
  const memoryFile = join(path, "pool.json");
  return {
    path,
    isReadOnly: false,
    runFolder: (id) => join(runs, id),
    async readResults() {
      const entries = existsSync(runs) ? await readdir(runs, { withFileTypes: true }) : [];
      const ids = entries.filter((entry) => !entry.isFile()).map(({ name }) => name);
      const kept = await Promise.all(
        ids.map(async (id) => ({ id, found: await readKept<RunRecord>(join(runs, id, resultName), runRecordSchema) })),
      );
      return {
        runs: new Map(kept.flatMap(({ id, found }) => (found.kind === "whole" ? [[id, found.value]] : []))),
        unfinished: kept.filter(({ found }) => found.kind !== "whole" || found.value.error !== null).map(({ id }) => id),
        bad: kept.flatMap(({ found }) => (found.kind === "bad" ? [found.bad] : [])),
      };
    },
    async writeResult(run) {
      const folder = join(runs, run.id);
      await mkdir(folder, { recursive: true });
      await writeWhole(join(folder, resultName), `${JSON.stringify(run)}\n`);
      if (run.error !== null) return;
      const others = (await readdir(folder)).filter((name) => name !== resultName && !name.startsWith(badName));
      await Promise.all(others.map((name) => rm(join(folder, name), { recursive: true, force: true })));
    },
    async readMemory() {
      const found = await readKept<PoolMemory>(memoryFile, keptMemorySchema);
      return { memory: found.kind === "whole" ? found.value : null, bad: found.kind === "bad" ? found.bad : null };
    },
    writeMemory: (memory) => writeWhole(memoryFile, `${JSON.stringify(memory, null, 2)}\n`),
    async setAside(file) {
      const to = freePath(`${file.path}.bad`);
      await rename(file.path, to);
      return to;
    },
  };
}

/** `result.json.bad`, or with a number behind it where that is taken. */
function freePath(wanted: string): string {
  let path = wanted;
  for (let number = 2; existsSync(path); number++) path = `${wanted}-${number}`;
  return path;
}
