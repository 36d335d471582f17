import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockRunFolder, readSettingsFile, requireFolder } from "@tutti/server";
import { z } from "zod";
import { ExperimentError, type NamedExperiment } from "../experiment/experimentFile.ts";
import { keptMemorySchema, readKept } from "./keptFiles.ts";
import { type OutFolder, openOutFolder, type PoolMemory, viewOutFolder } from "./outFolder.ts";

/** A folder of results that nobody else works in. */
export interface TakenFolder {
  readonly out: OutFolder;
  /** Where the lab may make files of its own: the folder itself, or for an estimate one that goes with it. */
  readonly workPath: string;
  giveBack(): Promise<void>;
}

/**
 * Takes the folder of an experiment's results for this process; an estimate only looks at it. Throws an ExperimentError where it holds another
 * experiment, and a ConfigError while another process works in it.
 */
export async function takeFolder(path: string, named: NamedExperiment, isEstimate: boolean): Promise<TakenFolder> {
  requireFolder(path);
  await requireSameExperiment(path, named);
  if (isEstimate) {
    const workPath = await mkdtemp(join(tmpdir(), "tutti-estimate-"));
    return { out: viewOutFolder(path), workPath, giveBack: () => rm(workPath, { recursive: true, force: true }) };
  }
  const out = await openOutFolder(path);
  const unlock = lockRunFolder(path, "give another --out");
  return { out, workPath: path, giveBack: async () => unlock() };
}

/** An experiment is known by its file's name, so that the file may be edited; where the folder does not say that, by the title. */
async function requireSameExperiment(path: string, { name, experiment: { title } }: NamedExperiment): Promise<void> {
  const known = await nameIn(path);
  const other = known === null ? await titleIn(path) : known;
  const own = known === null ? title : name;
  if (other === null || other === own) return;
  throw new ExperimentError(
    `${path} holds another experiment: found ${JSON.stringify(other)}, expected ${JSON.stringify(own)}; ` +
      `give another --out, and --reuse ${path} to use the results of the runs that both have`,
  );
}

/** The name of the experiment that was started there last; null where nothing says it. */
async function nameIn(path: string): Promise<string | null> {
  const memory = await readKept<PoolMemory>(join(path, "pool.json"), keptMemorySchema);
  if (memory.kind === "whole" && memory.value.name !== undefined) return memory.value.name;
  const result = await readKept<{ readonly name: string }>(join(path, "results.json"), z.looseObject({ name: z.string() }));
  return result.kind === "whole" ? result.value.name : null;
}

/** The title in the copy of the file that was run there; null where there is none that can be read. */
async function titleIn(path: string): Promise<string | null> {
  try {
    const { title } = readSettingsFile(join(path, "experiment.yaml"));
    return typeof title === "string" ? title : null;
  } catch {
    return null;
  }
}
