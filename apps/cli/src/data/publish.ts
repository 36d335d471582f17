import { createHash } from "node:crypto";
import { renameSync } from "node:fs";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { DatasetCard } from "@tutti/data";
import { UsageError } from "../exitCodes.ts";

/** What a test hands in: a disk that fills up, a folder that cannot be renamed, a signal. */
export interface PublishPorts {
  readonly writeFile?: (path: string, text: string) => Promise<void>;
  readonly rename?: (from: string, to: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes a data set's folder with its card. It is made beside the folder, read back as runs will read it, and takes the folder's place when
 * it is whole: what fails or is stopped before leaves what was there, byte for byte. The two renames of the exchange follow one another
 * without a pause; a machine that goes down between them leaves `NAME.previous`, which the next command puts back.
 */
export async function publish(
  folder: string,
  files: Readonly<Record<string, string>>,
  card: Omit<DatasetCard, "sha256">,
  { writeFile: write = writeThrough, rename = renameSync, signal }: PublishPorts = {},
): Promise<void> {
  const { exchangeEnds, putBack } = await import("@tutti/data/node");
  const [unfinished, previous] = [`${folder}.${process.pid}${exchangeEnds.unfinished}`, `${folder}${exchangeEnds.previous}`];
  const sha256 = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, createHash("sha256").update(text).digest("hex")]));
  const cardText = `${JSON.stringify({ ...card, sha256 }, null, 2)}\n`;
  await requireReadBack(files, cardText);
  await requireReplaceable(folder);
  await putBack(folder);
  try {
    for (const left of [...(await leftBehind(folder)), previous]) await rm(left, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    for (const [name, text] of [...Object.entries(files), [cardFile, cardText] as const]) {
      signal?.throwIfAborted();
      await write(join(unfinished, name), text);
    }
    signal?.throwIfAborted();
    exchange({ finished: unfinished, folder, previous }, rename);
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT"))
      throw new Error(
        `the disk is full: ${folder} could not be written, and what was there before stays; free some space and add it again`,
        { cause },
      );
    throw cause;
  }
  await rm(previous, { recursive: true, force: true });
}

const cardFile = "dataset.json";

/** Unfinished folders of the data set whose commands have ended; two commands at once do not touch each other's. */
async function leftBehind(folder: string): Promise<string[]> {
  const names = await readdir(dirname(folder)).catch(() => []);
  return names.flatMap((name) => {
    const [, of, pid] = /^(.*?)(?:\.(\d+))?\.unfinished$/.exec(name) ?? [];
    return of === basename(folder) && !isRunning(Number(pid)) ? [join(dirname(folder), name)] : [];
  });
}

function isRunning(pid: number): boolean {
  if (Number.isNaN(pid) || pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM";
  }
}

/** Onto the disk, not only into its cache. */
function writeThrough(path: string, text: string): Promise<void> {
  return writeFile(path, text, { flush: true });
}

/** Puts a finished folder in another one's place; nothing else runs in between, and what fails is undone. */
function exchange(
  { finished, folder, previous }: { readonly finished: string; readonly folder: string; readonly previous: string },
  rename: (from: string, to: string) => void,
): void {
  const isReplacing = canRename(() => rename(folder, previous));
  try {
    rename(finished, folder);
  } catch (cause) {
    if (isReplacing) rename(previous, folder);
    throw cause;
  }
}

/** False where there was nothing to rename. */
function canRename(rename: () => void): boolean {
  try {
    rename();
    return true;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return false;
    throw cause;
  }
}

/** Reads the files and the card as a run does: what it could not read is told now, while the old ones are there. */
async function requireReadBack(files: Readonly<Record<string, string>>, cardText: string): Promise<void> {
  const { loadDataset, parseDatasetCard } = await import("@tutti/data");
  const { task } = parseDatasetCard(cardText, cardFile);
  await loadDataset(task, async (file) => files[file] ?? "");
}

/** Refuses to take the place of a folder that no `data add` made: it may hold anything. */
async function requireReplaceable(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found === null) return;
  if (!found.isDirectory()) throw new UsageError(`${folder} is a file: remove it, or give the data set another --name`);
  const names = await readdir(folder);
  if (names.length === 0 || names.includes(cardFile)) return;
  throw new UsageError(
    `${folder} is there and is not a data set that was added (it has no ${cardFile}): remove it, or give the data set another --name`,
  );
}
