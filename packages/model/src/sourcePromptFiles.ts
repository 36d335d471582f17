import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RunSettings } from "@tutti/core";
import { fetchSourcePrompts, type SourcePrompt, sourcePromptPath } from "./tuning/sourcePrompts.ts";

/** Writes a source prompt where runs look for it; answers the path. Node only. */
export async function writeSourcePrompt(publicFolder: string, prompt: SourcePrompt): Promise<string> {
  const path = join(publicFolder, sourcePromptPath(prompt.backbone, prompt.name));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(prompt)}\n`);
  return path;
}

/** The source prompts that a run's tuning names, from a public folder; none for most methods. Node only. */
export function readSourcePrompts(publicFolder: string, run: Pick<RunSettings, "backbone" | "task" | "tuning">): Promise<SourcePrompt[]> {
  return fetchSourcePrompts(run, (path) => readFile(join(publicFolder, path), "utf8"));
}
