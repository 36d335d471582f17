import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type RunSettings, sourcePromptPath } from "@tutti/core";
import { fetchSourcePrompts, type SourcePrompt } from "./tuning/sourcePrompts.ts";

/** Writes a source prompt where runs look for it, whole or not at all; answers the path. Node only. */
export async function writeSourcePrompt(publicFolder: string, prompt: SourcePrompt): Promise<string> {
  const path = join(publicFolder, sourcePromptPath(prompt.backbone, prompt.name, prompt.shape[0]));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.unfinished`, `${JSON.stringify(prompt)}\n`);
  await rename(`${path}.unfinished`, path);
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
