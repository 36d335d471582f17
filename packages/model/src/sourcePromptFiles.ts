import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type RunSettings, sourcePromptPath } from "@tutti/core";
import { fetchSourcePrompts, parseSourcePrompt, type SourcePrompt } from "./tuning/sourcePrompts.ts";

/** Onto the disk, not only into its cache; a test hands in a disk that is full. */
const writeThrough = (path: string, text: string) => writeFile(path, text, { flush: true });

/**
 * Writes a source prompt where runs look for it, whole or not at all; answers the path. It is read back as runs will read it before it takes
 * the place of one of its name: what fails leaves that one as it was. Node only.
 */
export async function writeSourcePrompt(publicFolder: string, prompt: SourcePrompt, write = writeThrough): Promise<string> {
  const path = join(publicFolder, sourcePromptPath(prompt.backbone, prompt.name, prompt.shape[0]));
  const text = `${JSON.stringify(prompt)}\n`;
  parseSourcePrompt(text, path);
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.unfinished`;
  try {
    await write(unfinished, text);
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw new Error(`${path} could not be written; the earlier file is unchanged`, { cause });
  }
  return path;
}

/** The source prompts that a run's tuning names, from a public folder; none for most methods. Throws, naming the file, where one is missing. Node only. */
export function readSourcePrompts(publicFolder: string, run: Pick<RunSettings, "backbone" | "task" | "tuning">): Promise<SourcePrompt[]> {
  return fetchSourcePrompts(run, (path) =>
    readFile(join(publicFolder, path), "utf8").catch((cause: unknown) => {
      throw new Error(`the run needs ${path}, which is not in ${publicFolder}; \`tutti prompt train\` makes a source prompt`, { cause });
    }),
  );
}
