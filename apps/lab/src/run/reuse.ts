import { formatCount } from "@tutti/core";
import type { RunRecord } from "@tutti/record";
import type { Experiment } from "../experiment/experimentSchema.ts";
import type { ExperimentPlan, PlannedRun } from "../experiment/plannedRun.ts";
import { expectedRuns } from "../experiment/rates.ts";
import { allRuns } from "../experiment/runPlan.ts";
import { type OutFolder, viewOutFolder } from "./outFolder.ts";
import { isOnBackend } from "./poolBackend.ts";

/** What serves for a plan's runs. */
export interface TakenOver {
  readonly out: OutFolder;
  /** Folders of other experiments, which are left as they are. */
  readonly folders: readonly string[];
  readonly plan: ExperimentPlan;
  readonly backend: Experiment["backend"];
  say(line: string): void;
}

/** Takes over what other experiments found, trials first, since they choose which of the other runs there are. */
export async function takeOver({ out, folders, plan, backend, say }: TakenOver): Promise<void> {
  for (const folder of folders) {
    const { runs, bad } = await viewOutFolder(folder).readResults();
    for (const { path, reason } of bad) say(`${path} is not a valid result (${reason}) and is not used.`);
    const serving = new Map([...runs].filter(([, run]) => isOnBackend(backend, run)));
    const numTrials = await reuseResults(out, serving, allRuns(plan));
    const { runs: known } = await out.readResults();
    const expected = expectedRuns(plan, (id) => known.get(id) ?? null);
    const numTaken = numTrials + (await reuseResults(out, serving, expected));
    const numOther = expected.filter(({ id }) => runs.get(id)?.error === null && !serving.has(id)).length;
    const others = numOther === 0 ? "" : `; ${formatCount(numOther, "result")} left there, not made on ${backend}`;
    say(`${formatCount(numTaken, "result")} ${out.isReadOnly ? "would be " : ""}taken from ${folder}${others}.`);
  }
}

/** Takes over results for the same runs, which have the same ids, but for failed ones. Returns how many. */
export async function reuseResults(
  out: OutFolder,
  found: ReadonlyMap<string, RunRecord>,
  runs: readonly Pick<PlannedRun, "id">[],
): Promise<number> {
  const { runs: known } = await out.readResults();
  const open = runs.filter(({ id }) => known.get(id)?.error !== null);
  const taken = open.flatMap(({ id }) => found.get(id) ?? []).filter(({ error }) => error === null);
  for (const run of taken) await out.writeResult(run);
  return taken.length;
}
