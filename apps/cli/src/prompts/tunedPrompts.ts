import { readFile, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { TunedPrompts } from "@tutti/model";
import { UsageError } from "../exitCodes.ts";
import { looksLikePath } from "../localPaths.ts";
import { parseRunSettings } from "./runSettings.ts";

/** The tuned parameters of a file, of a run's folder, or of the run of that id in a folder of runs. */
export async function tunedPromptsOf(source: string, runs: string): Promise<TunedPrompts> {
  const found = await stat(source).catch(() => null);
  if (found?.isFile() === true) {
    const { readPromptsFile } = await import("@tutti/model");
    return readPromptsFile(await readFile(source), parseRunSettings);
  }
  if (found === null && looksLikePath(source))
    throw new UsageError(`${source} does not exist: give a run's id, its folder, or the prompts.safetensors in it`);
  const [folder, runId] = found === null ? [runs, source] : [dirname(resolve(source)), basename(resolve(source))];
  const { readRun } = await import("@tutti/server");
  const { run, newcomerParams } = await readRun(folder, runId);
  if (newcomerParams === null) throw new UsageError(`run ${runId} has not begun, so it has tuned nothing yet: come back to it later`);
  return { runId, settings: run, params: newcomerParams };
}
