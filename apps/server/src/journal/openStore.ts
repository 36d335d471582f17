import { existsSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { LogDamage } from "./inspectLog.ts";
import { openJournal } from "./journal.ts";
import { journalKeyFor } from "./journalKey.ts";
import { type KeyValueStore, memoryStore } from "./keyValueStore.ts";
import { listGenerations } from "./logFiles.ts";
import { LogDamagedError, openLogStore, readLogStore } from "./logStore.ts";
import { olderFile, readOlderStore } from "./olderStore.ts";

/** What a run keeps in its folder: all that a restart needs, and the states after past rounds. */
export type StoreName = "journal" | "rounds";

/** The store of a run's folder, and what there is to say of it. */
export interface OpenedStore {
  readonly store: KeyValueStore;
  /** Said once: that the folder was an older version's. */
  readonly note: string | null;
}

/** Whether a run has a journal there, of this version or an older one. */
export function hasJournal(runFolder: string): boolean {
  const folder = join(runFolder, "journal");
  return existsSync(olderFile(folder)) || existsSync(join(folder, "head")) || listGenerations(folder).length > 0;
}

/**
 * Opens a store of a run for writing, under the key that the environment gives. What an older version wrote gets its chain of hashes now. Throws a sentence where
 * the store is damaged.
 */
export async function openStore(runFolder: string, name: StoreName): Promise<OpenedStore> {
  const folder = join(runFolder, name);
  const key = journalKeyFor(runFolder);
  const keepsPrevious = name === "journal";
  const isOlder = listGenerations(folder).length === 0 && existsSync(olderFile(folder));
  try {
    if (!isOlder) return { store: await openLogStore(folder, { key, keepsPrevious }), note: null };
    const entries = await readOlder(folder);
    const store = await openLogStore(folder, { key, keepsPrevious, entries });
    for (const file of ["data.mdb", "lock.mdb"]) rmSync(join(folder, file), { force: true });
    return { store, note: `${folder} is of an older version, which did not chain its records: they are chained from now on` };
  } catch (error) {
    throw error instanceof LogDamagedError ? new Error(damageText(runFolder, name, error.damage), { cause: error }) : error;
  }
}

/** A store's entries, changing nothing; empty where there are none. Throws a sentence where the store is damaged. */
export async function readStore(runFolder: string, name: StoreName): Promise<KeyValueStore> {
  const folder = join(runFolder, name);
  try {
    const entries = (await readLogStore(folder, journalKeyFor(runFolder))) ?? (await readOlder(folder));
    return memoryStore(new Map(entries));
  } catch (error) {
    throw error instanceof LogDamagedError ? new Error(damageText(runFolder, name, error.damage), { cause: error }) : error;
  }
}

async function readOlder(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  return (await readOlderStore(folder)) ?? new Map();
}

/** What a person reads of a damaged store. */
export function damageText(runFolder: string, name: StoreName, { what, sound, lastNumber }: LogDamage): string {
  const runId = basename(runFolder);
  const out = dirname(runFolder) === "runs" ? "" : ` --out ${dirname(runFolder)}`;
  const end =
    sound?.isWhole === true ? `the last sound record is ${sound.end.number}${positionText(name, sound.values)}` : "no sound record is left";
  const written = lastNumber === null ? "" : ` of ${lastNumber}`;
  return (
    `run ${runId}: its ${name === "journal" ? "journal is" : "kept rounds are"} damaged (${what}); ${end}${written}. The run is refused, since another one would be computed from what is left. ` +
    `\`tutti run repair ${runId}${out}\` shows what is lost and goes back to that record`
  );
}

/** Where a run was, such as ` (train round 3, step 1, with 2 contributions)`. */
export function positionText(name: StoreName, values: ReadonlyMap<string, Uint8Array>): string {
  if (name === "rounds") return "";
  const contents = openJournal(memoryStore(new Map(values))).contents();
  const plan = contents?.next?.plan ?? contents?.plan ?? null;
  if (contents === null) return " (before the run began)";
  if (plan === null) return ` (after ${contents.history.length} steps)`;
  return ` (${plan.stage} round ${plan.round}, step ${plan.step}, with ${contents.contributions.length} contributions)`;
}
