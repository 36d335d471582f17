import { type StoredTensor, storedTwice } from "./checkpoint.ts";
import { type CheckpointFiles, type LocatedEntry, readElements } from "./checkpointFiles.ts";
import { blockFloats } from "./checkpointRows.ts";
import type { ReadConfig } from "./hubConfig.ts";

type Entries = ReadonlyMap<string, LocatedEntry>;

/**
 * The configuration as the checkpoint bears it out: where a head that should be tied to the table of words is stored with other numbers, it
 * is not tied, as transformers does it.
 */
export async function withStoredTies(read: ReadConfig, files: CheckpointFiles, entries: Entries): Promise<ReadConfig> {
  const stored = storedTwice(read.config, entries);
  if (stored === null || (await isSame(files, stored.table, stored.output))) return read;
  const warning = `${stored.output.source} differs from ${stored.table.source}, so the two are not tied, although config.json says so`;
  return { config: { ...read.config, hasTiedEmbeddings: false }, warnings: [...read.warnings, warning] };
}

async function isSame(files: CheckpointFiles, a: StoredTensor<LocatedEntry>, b: StoredTensor<LocatedEntry>): Promise<boolean> {
  const total = a.entry.shape.reduce((product, size) => product * size, 1);
  for (let first = 0; first < total; first += blockFloats) {
    const range = { first, count: Math.min(blockFloats, total - first) };
    const left = await readElements(files, a.source, a.entry, range);
    const right = await readElements(files, b.source, b.entry, range);
    if (left.some((value, i) => value !== right[i])) return false;
  }
  return true;
}
