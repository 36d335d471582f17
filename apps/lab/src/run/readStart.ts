import { createHash } from "node:crypto";
import { nameOrderedBytes, tuningOf } from "@tutti/core";
import { promptsOfRun, type StartReader } from "@tutti/server";
import { ExperimentError } from "../experiment/experimentFile.ts";
import type { Experiment } from "../experiment/experimentSchema.ts";
import type { PlannedRun } from "../experiment/plannedRun.ts";

/** Reads the tuned parameters that a run starts from; a run's id is of the same folder, or of `runs`. */
export const readStart: StartReader = async (path, { dataDir, publicDir, run }) => {
  const { readStartOf } = await import("@tutti/model/node");
  const promptsOf = async (place: string) => (await promptsOfRun(dataDir, place)) ?? promptsOfRun("runs", place);
  return readStartOf(path, { run, publicDir, promptsOf });
};

/**
 * SHA-256 of what all runs of an experiment start from; undefined where its seeds draw it. Throws an ExperimentError with a line for each kind of
 * run that cannot start from there.
 */
export async function hashStart({ startFrom }: Experiment, runs: readonly PlannedRun[], publicDir: string): Promise<string | undefined> {
  if (startFrom === undefined) return undefined;
  const hash = createHash("sha256");
  const faults = new Set<string>();
  const distinct = new Map(runs.map(({ settings }) => [kindOf(settings), settings]));
  for (const [kind, run] of distinct) {
    try {
      const { params } = await readStart(startFrom, { dataDir: "runs", publicDir, run });
      hash.update(kind).update(nameOrderedBytes(params));
    } catch (error) {
      faults.add(`startFrom: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (faults.size > 0) throw new ExperimentError(`the experiment cannot start:\n${[...faults].map((fault) => `  ${fault}`).join("\n")}`);
  return hash.digest("hex");
}

/** What decides whether parameters fit. */
function kindOf({ backbone, task, tuning, seed }: PlannedRun["settings"]): string {
  const drawn = tuningOf(tuning).isRelativeToSeed(tuning) ? seed : null;
  return JSON.stringify([backbone, task, tuning, drawn]);
}
