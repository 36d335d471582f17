import { type RunInfo, runInfoSchema } from "@tutti/protocol";

/** Asks the coordinator what the run is; throws in plain words when there is no answer that this page understands. */
export async function fetchRunInfo(): Promise<RunInfo> {
  const response = await fetch("/run.json").catch(() => null);
  if (response === null || !response.ok)
    throw new Error("The coordinator does not answer. You can join all the same; the page keeps trying.");
  const parsed = runInfoSchema.safeParse(await response.json().catch(() => null));
  if (!parsed.success) throw new Error("The coordinator speaks another version. Reload this page.");
  return parsed.data;
}
