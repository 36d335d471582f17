import { basename, dirname, resolve } from "node:path";
import type { Params, RunSettings } from "@tutti/core";
import { ConfigError } from "../config.ts";
import { hasJournal } from "../journal/openStore.ts";
import { readRun } from "../journal/readRun.ts";

/** What a run has tuned so far. */
export interface RunPrompts {
  readonly runId: string;
  readonly settings: RunSettings;
  /** Every trained parameter, as a newcomer gets it. */
  readonly params: Params;
}

/** The latest parameters of the run in that folder, or of the run of that id in a data folder; null where there is no such run. */
export async function promptsOfRun(dataDir: string, place: string): Promise<RunPrompts | null> {
  const folder = [resolve(place), resolve(dataDir, place)].find(hasJournal);
  if (folder === undefined) return null;
  const { runId, run, newcomerParams } = await readRun(dirname(folder), basename(folder));
  if (newcomerParams === null) throw new ConfigError(`run ${runId} has not begun, so it has tuned nothing yet: start from it later`);
  return { runId, settings: run, params: newcomerParams };
}
