import { basename } from "node:path";
import type { RunRecord } from "@tutti/record";
import type { Experiment } from "../experiment/experimentSchema.ts";
import type { ExperimentPlan } from "../experiment/plannedRun.ts";
import { expectedRuns } from "../experiment/rates.ts";
import type { OutFolder, PoolMemory } from "./outFolder.ts";
import { requireBackend } from "./poolBackend.ts";

/** Sets aside every result that cannot serve, with a line for each: its run is made again. Of a folder that is only looked at it says so. */
export async function setBadAside(out: OutFolder, say: (line: string) => void): Promise<void> {
  for (const bad of (await out.readResults()).bad) {
    const to = await out.setAside(bad);
    const fate = out.isReadOnly
      ? `a start renames it to ${basename(to)} and repeats the run`
      : `it is now ${basename(to)}, and the run is repeated`;
    say(`${bad.path} is not a valid result (${bad.reason}); ${fate}.`);
  }
}

/** What the pool remembers; null, with a line, where that cannot serve. */
export async function recall(out: OutFolder, say: (line: string) => void): Promise<PoolMemory | null> {
  const { memory, bad } = await out.readMemory();
  if (bad !== null) say(`${bad.path} is not valid (${bad.reason}); the lab chooses ports and backend again.`);
  return memory;
}

/** The results there are; throws an ExperimentError where some of the plan's runs are of another backend than the file asks for. */
export async function readCounting(
  out: OutFolder,
  plan: ExperimentPlan,
  { backend, remembered }: { readonly backend: Experiment["backend"]; readonly remembered: PoolMemory | null },
): Promise<Map<string, RunRecord>> {
  const found = await out.readResults();
  const ids = new Set(expectedRuns(plan, (id) => found.runs.get(id) ?? null).map(({ id }) => id));
  requireBackend(out, backend, found, { ids, remembered: remembered?.backend ?? null });
  return found.runs;
}
