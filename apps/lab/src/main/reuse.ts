import type { PlannedRun } from "../experiments/runPlan.ts";
import { type OutFolder, openOutFolder } from "./outFolder.ts";

/** Takes over what another experiment found for the same runs, which have the same ids; failed runs are left there. Returns how many. */
export async function reuseResults(out: OutFolder, folder: string, runs: readonly Pick<PlannedRun, "id">[]): Promise<number> {
  const [found, known] = await Promise.all([(await openOutFolder(folder)).readResults(), out.readResults()]);
  const open = runs.filter(({ id }) => known.get(id)?.error !== null);
  const taken = open.flatMap(({ id }) => found.get(id) ?? []).filter(({ error }) => error === null);
  for (const run of taken) await out.writeResult(run);
  return taken.length;
}
