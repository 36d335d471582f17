import { formatCount } from "@tutti/core";
import type { ExperimentResult, LabRun } from "@tutti/record";
import { distinctById } from "@tutti/record";
import { listText } from "./text.ts";

/** Which commit made the numbers, and where: all of them, with how many runs each made, where runs have several. Ends without a full stop. */
export function provenanceText({ commit, machine, runs }: Pick<ExperimentResult, "commit" | "machine" | "runs">): string {
  const commits = valuesOf(runs, (run) => (run.commit === null ? "unknown" : run.commit));
  const machines = valuesOf(runs, (run) => run.machine);
  return `${named("commit", commits, commit ?? "unknown")}; ${named("machine", machines, machine)}`;
}

/** How many runs have which value; empty where no run has one on record. */
function valuesOf(runs: readonly LabRun[], read: (run: LabRun) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const run of distinctById(runs)) {
    const value = read(run) ?? "not on record";
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts.size === 1 && counts.has("not on record") ? new Map() : counts;
}

/** One value as it is, several with their runs; `whole` is what the experiment itself says. */
function named(noun: string, counts: ReadonlyMap<string, number>, whole: string): string {
  if (counts.size < 2) return `${noun} ${[...counts.keys()][0] ?? whole}`;
  return `${noun}s ${listText([...counts].map(([value, count]) => `${value} (${formatCount(count, "run")})`))}`;
}
