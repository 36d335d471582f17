import type { RunInfo } from "@tutti/protocol";

/** Rounds that nobody waits for. */
const manyRounds = 1000;

/** Whether a run, such as a class's, goes on until somebody stops it: then a share of its rounds tells nobody anything. */
export function isOpenEnded(run: Pick<RunInfo["run"], "roster" | "numRounds"> | undefined): boolean {
  return run !== undefined && run.roster === "open" && run.numRounds >= manyRounds;
}
