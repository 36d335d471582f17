import { datasetFolder, fetchTask } from "@tutti/data";
import { type RunInfo, runInfoSchema } from "@tutti/protocol";

/** Asks the coordinator what the run is; throws in plain words when there is no answer that this page understands. */
export async function fetchRunInfo(): Promise<RunInfo> {
  const response = await fetch("/run.json").catch(() => null);
  if (response === null || !response.ok)
    throw new Error("The coordinator does not answer. You can join all the same; the page keeps trying.");
  const parsed = runInfoSchema.safeParse(await response.json().catch(() => null));
  if (!parsed.success) throw new Error("The coordinator speaks another version. Reload this page.");
  await learnTask(parsed.data);
  return parsed.data;
}

/** Fetches what an added task is about, so that the page can name its classes; without it the page shows the task's name. */
async function learnTask({ run, urls }: RunInfo): Promise<void> {
  const fetchText = async (file: string) => (await fetch(`${urls.dataset}${datasetFolder(run.task)}/${file}`)).text();
  await fetchTask(run.task, fetchText).catch(() => null);
}
