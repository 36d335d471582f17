import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../demo/demoConfig.ts";
import type { LabRun } from "../experiments/labResult.ts";

/** What the lab remembers of its pool from start to start, so that tabs find their storage and all runs compute alike. */
export interface PoolMemory {
  /** By slot; 0 while unknown. */
  readonly ports: readonly number[];
  readonly backend: "auto" | "webgpu" | "wasm" | "cpu";
  readonly startedAt: string;
}

/** The folder of an experiment's results. */
export interface OutFolder {
  readonly path: string;
  runFolder(id: string): string;
  /** The results there are, by the run's id. */
  readResults(): Promise<Map<string, LabRun>>;
  /** Puts a run's result into its folder and takes everything else out of it, unless it failed and may go on. */
  writeResult(run: LabRun): Promise<void>;
  readMemory(): Promise<PoolMemory | null>;
  writeMemory(memory: PoolMemory): Promise<void>;
}

/** Opens a folder of results, making it where it is not there. */
export async function openOutFolder(path: string): Promise<OutFolder> {
  const runs = join(path, "runs");
  await mkdir(runs, { recursive: true });
  const memoryFile = join(path, "pool.json");
  const json = async (file: string): Promise<unknown> => {
    const text = await readFile(file, "utf8").catch(() => null);
    return text === null ? null : JSON.parse(text);
  };
  return {
    path,
    runFolder: (id) => join(runs, id),
    async readResults() {
      const ids = await readdir(runs);
      const found = await Promise.all(ids.map(async (id) => [id, (await json(join(runs, id, "result.json"))) as LabRun | null] as const));
      return new Map(found.flatMap(([id, run]) => (run === null ? [] : [[id, run]])));
    },
    async writeResult(run) {
      const folder = join(runs, run.id);
      await mkdir(folder, { recursive: true });
      await writeWhole(join(folder, "result.json"), `${JSON.stringify(run)}\n`);
      if (run.error !== null) return;
      const others = (await readdir(folder)).filter((name) => name !== "result.json");
      await Promise.all(others.map((name) => rm(join(folder, name), { recursive: true, force: true })));
    },
    readMemory: async () => (await json(memoryFile)) as PoolMemory | null,
    writeMemory: (memory) => writeWhole(memoryFile, `${JSON.stringify(memory, null, 2)}\n`),
  };
}
