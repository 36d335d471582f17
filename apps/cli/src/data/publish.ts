import { createHash } from "node:crypto";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetCard } from "@tutti/data";
import { UsageError } from "../exitCodes.ts";

/** What a test hands in: a disk that fills up, a folder that cannot be renamed, a signal. */
export interface PublishPorts {
  readonly writeFile?: (path: string, text: string) => Promise<void>;
  readonly rename?: (from: string, to: string) => void;
  readonly signal?: AbortSignal;
}

/** Writes a data set's folder with its card, read back as runs will read it; what fails or is stopped leaves what was there, byte for byte. */
export async function publish(
  folder: string,
  files: Readonly<Record<string, string>>,
  card: Omit<DatasetCard, "sha256">,
  { writeFile: write = writeThrough, rename, signal }: PublishPorts = {},
): Promise<void> {
  const { replaceFolder } = await import("@tutti/data/node");
  const sha256 = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, createHash("sha256").update(text).digest("hex")]));
  const cardText = `${JSON.stringify({ ...card, sha256 }, null, 2)}\n`;
  await requireReadBack(files, cardText);
  await requireReplaceable(folder);
  const fill = async (unfinished: string) => {
    for (const [name, text] of [...Object.entries(files), [cardFile, cardText] as const]) {
      signal?.throwIfAborted();
      await write(join(unfinished, name), text);
    }
    signal?.throwIfAborted();
  };
  try {
    await replaceFolder(folder, fill, rename);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT"))
      throw new Error(`the disk is full: ${folder} could not be written; the earlier file is unchanged; free some space and add it again`, {
        cause,
      });
    throw cause;
  }
}

const cardFile = "dataset.json";

/** Onto the disk, not only into its cache. */
function writeThrough(path: string, text: string): Promise<void> {
  return writeFile(path, text, { flush: true });
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
