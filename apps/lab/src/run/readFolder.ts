import { basename } from "node:path";
import type { LabRun } from "@tutti/record";
import type { Experiment } from "../experiment/experimentFile.ts";
import { expectedRuns } from "../experiment/rates.ts";
import type { ExperimentPlan } from "../experiment/runPlan.ts";
import type { OutFolder, PoolMemory } from "./outFolder.ts";
import { requireBackend } from "./poolBackend.ts";

/** Sets aside every result that cannot serve, with a line for each: its run is made again. Of a folder that is only looked at it says so. */
export async function setBadAside(out: OutFolder, say: (line: string) => void): Promise<void> {
  for (const bad of (await out.readResults()).bad) {
    const to = await out.setAside(bad);
    const fate = out.isReadOnly
      ? `a start sets it aside as ${basename(to)} and makes the run again`
      : `it is set aside as ${basename(to)} and the run is made again`;
    say(`${bad.path} is not a result of a run (${bad.reason}); ${fate}.`);
  }
}

/** What the pool remembers; null, with a line, where that cannot serve. */
export async function recall(out: OutFolder, say: (line: string) => void): Promise<PoolMemory | null> {
  const { memory, bad } = await out.readMemory();
  if (bad !== null) say(`${bad.path} cannot serve (${bad.reason}); ports and backend are found again.`);
  return memory;
}

/** The results there are; throws an ExperimentError where some of the plan's runs are of another backend than the file asks for. */
export async function readCounting(
  out: OutFolder,
  plan: ExperimentPlan,
  { backend, remembered }: { readonly backend: Experiment["backend"]; readonly remembered: PoolMemory | null },
): Promise<Map<string, LabRun>> {
  const found = await out.readResults();
  const ids = new Set(expectedRuns(plan, (id) => found.runs.get(id) ?? null).map(({ id }) => id));
  requireBackend(out, backend, found, { ids, remembered: remembered?.backend ?? null });
  return found.runs;
}
