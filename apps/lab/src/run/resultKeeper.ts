import { formatScore, formatSeconds } from "@tutti/core";
import type { RunRecord } from "@tutti/record";
import type { PlannedRun } from "../experiment/plannedRun.ts";
import { type Board, nameOfRun } from "./board.ts";
import type { OutFolder } from "./outFolder.ts";

/** Where results go. */
export interface ResultPlaces {
  readonly out: Pick<OutFolder, "writeResult">;
  /** By the run's id; what is kept is put in. */
  readonly results: Map<string, RunRecord>;
  readonly board: Pick<Board, "say">;
  /** Noted in every result. */
  readonly stamp: Required<Pick<RunRecord, "commit" | "machine">>;
}

/** Keeps results until one cannot be kept. */
export interface ResultKeeper {
  /** Never rejects: where a result cannot be kept, on a full disk, `broken` is aborted with the reason and no later one is kept. */
  keep(made: RunRecord, planned: PlannedRun): Promise<void>;
  readonly broken: AbortSignal;
}

/** A keeper that says of every result what it is. */
export function createResultKeeper({ out, results, board, stamp }: ResultPlaces): ResultKeeper {
  const controller = new AbortController();
  return {
    broken: controller.signal,
    async keep(made, planned) {
      if (controller.signal.aborted) return;
      const run = { ...made, ...stamp };
      try {
        await out.writeResult(run);
      } catch (cause) {
        controller.abort(new Error(`the result of ${nameOfRun(planned)} could not be written`, { cause }));
        return;
      }
      results.set(run.id, run);
      board.say(lineOf(run, planned));
    },
  };
}

function lineOf({ error, final, seconds }: RunRecord, planned: PlannedRun): string {
  if (error !== null) return `failed   ${nameOfRun(planned)} · ${error}`;
  const score = final.global ?? final.personalised;
  return `done     ${nameOfRun(planned)} · global ${formatScore(score?.score ?? null)}, ${formatSeconds(seconds.total)}`;
}
