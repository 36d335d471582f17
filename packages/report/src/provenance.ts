import { distinctById, type ExperimentResult, type RunRecord, summarise } from "@tutti/record";
import { originText, scoreRemarks } from "./sentences/runs.ts";
import { caveatTexts, provenanceOf, usageText } from "./sentences/setup.ts";

/** The command that makes an experiment again, from the project's folder; where it was not kept, the file's name stands for its path; null for a run by itself. */
export function commandOf({ command, preset, name, experiment }: ExperimentResult): string | null {
  if (command !== undefined) return command;
  return Object.keys(experiment).length === 0 ? null : `npx tutti lab run ${preset ?? `${name}.yaml`}`;
}

/** Which commit made the numbers, and where: all of them, with how many runs each made, where runs have several. Ends without a full stop. */
export function provenanceText({ commit, machine, runs }: Pick<ExperimentResult, "commit" | "machine" | "runs">): string {
  const commits = valuesOf(runs, (run) => (run.commit === null ? "unknown" : run.commit));
  const machines = valuesOf(runs, (run) => run.machine);
  return `${provenanceOf("commit", commits, commit ?? "unknown")}; ${provenanceOf("machine", machines, machine)}`;
}

/** How many runs have which value; empty where no run has one on record. */
function valuesOf(runs: readonly RunRecord[], read: (run: RunRecord) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const run of distinctById(runs)) {
    const value = read(run) ?? "not on record";
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts.size === 1 && counts.has("not on record") ? new Map() : counts;
}

/** How the machine was used. */
export function usageTextOf({ runs: all }: Pick<ExperimentResult, "runs">): string {
  const runs = distinctById(all);
  const meanOf = (of: (run: RunRecord) => number | null) => summarise(runs.flatMap((run) => of(run) ?? []))?.mean ?? null;
  return usageText({
    numRuns: runs.length,
    seconds: runs.reduce((sum, { seconds }) => sum + seconds.total, 0),
    backends: runs,
    clientsFraction: meanOf(({ usage }) => usage.clientsFraction),
    idleFraction: meanOf(({ usage }) => usage.orchestrationFraction),
  });
}

/** What a reader has to know of the numbers: where runs started that did not start from drawn values, coverage, answers that could not be replayed. */
export function caveats({ runs }: Pick<ExperimentResult, "runs">): string[] {
  const last = runs.flatMap(({ curve, settings }) => curve.filter(({ round, split }) => split === "test" && round === settings.numRounds));
  const unknown = runs.flatMap(({ correct, correctNote, error }) => (correct === null && error === null ? (correctNote ?? []) : []));
  const origins = runs.flatMap(({ origin }) => (origin === undefined ? [] : originText(origin, "Every run")));
  const others = runs.filter(({ isRateTrial }) => !isRateTrial).flatMap(scoreRemarks);
  return [...new Set([...origins, ...others]), ...caveatTexts(Math.min(1, ...last.map(({ coverage }) => coverage)), [...new Set(unknown)])];
}
