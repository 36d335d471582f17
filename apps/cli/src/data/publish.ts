import { createHash } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetCard } from "@tutti/data";

/** Where files are written; a test hands in a disk that fills up. */
export interface PublishPorts {
  writeFile(path: string, text: string): Promise<void>;
}

/**
 * Writes a data set's folder with its card. It is made beside the folder and takes its place when it is whole: what fails leaves what was
 * there before.
 */
export async function publish(
  folder: string,
  files: Readonly<Record<string, string>>,
  card: Omit<DatasetCard, "sha256">,
  ports: PublishPorts = { writeFile: (path, text) => writeFile(path, text) },
): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  const sha256 = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, createHash("sha256").update(text).digest("hex")]));
  try {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    for (const [name, text] of Object.entries(files)) await ports.writeFile(join(unfinished, name), text);
    await ports.writeFile(join(unfinished, "dataset.json"), `${JSON.stringify({ ...card, sha256 }, null, 2)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    if (cause instanceof Error && "code" in cause && cause.code === "ENOSPC")
      throw new Error(
        `the disk is full: ${folder} could not be written, and what was there before stays; free some space and add it again`,
        { cause },
      );
    throw cause;
  }
}
