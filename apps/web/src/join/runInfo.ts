import { datasetFolder, taskOfRun } from "@tutti/data";
import { type RunInfo, runInfoSchema } from "@tutti/protocol";
import { Spoken } from "../saying/spoken.ts";
import { words } from "../words/words.ts";

/**
 * Asks the coordinator whose pages lie in `folder` what the run is; throws in plain words when the answer is missing or this page does not understand it. `of` says
 * which page asks, where that page's own copy may answer without a network.
 */
export async function fetchRunInfo(folder: string, of: "try" | null = null): Promise<RunInfo> {
  const response = await fetch(new URL(of === null ? "run.json" : `run.json?of=${of}`, folder).href).catch(() => null);
  if (response === null) throw new Spoken(words.runProblems.silent);
  if (!response.ok) throw new Spoken(words.runProblems.status(response.status));
  const parsed = runInfoSchema.safeParse(await response.json().catch(() => null));
  if (!parsed.success) throw new Spoken(words.runProblems.notUnderstood);
  await learnTask(parsed.data, folder);
  return parsed.data;
}

/** Fetches what an added task is about, so that the page can name its classes; without it the page shows the task's name. */
async function learnTask({ run, urls }: RunInfo, folder: string): Promise<void> {
  const files = new URL(`${datasetFolder(run.task)}/`, new URL(urls.dataset, folder));
  const fetchText = async (file: string) => (await fetch(new URL(file, files).href)).text();
  await taskOfRun(run, fetchText).catch(() => null);
}
