import { join } from "node:path";
import type { CoordinatorConfig } from "../config.ts";
import { drawnCodeWord } from "../entry/gate.ts";
import { tokenIn } from "../entry/tokens.ts";
import { listRunIds, readOrders } from "../journal/readRun.ts";
import { findRunId } from "../runFolder.ts";
import { type SuccessionOrder, successor } from "./succession.ts";

/** The run that a command serves, and the operator's token where an earlier run has given it out. */
export interface Latest {
  readonly config: CoordinatorConfig;
  readonly controlToken: string | undefined;
}

/** The run that a configuration names, or the last one that the operator has had follow it: a coordinator that is started again goes on there. */
export async function latestOf(given: CoordinatorConfig): Promise<Latest> {
  const { dataDir } = given;
  let latest: Latest = { config: given, controlToken: undefined };
  for (;;) {
    const { config } = latest;
    const runId = config.runId ?? findRunId(config);
    const event = (await readOrders(dataDir, runId)).findLast(({ nextRunId }) => nextRunId !== undefined);
    const nextRunId = event?.nextRunId;
    if (event === undefined || nextRunId === undefined) return latest;
    const folder = join(dataDir, runId);
    const linkToken = config.admission === "code" ? (config.codeWord ?? drawnCodeWord(folder, config.codeWords)) : null;
    const known = new Set(listRunIds(dataDir));
    const next = successor(event.order as SuccessionOrder, { config, runId, port: config.port, linkToken }, known);
    latest = { config: { ...next, runId: nextRunId }, controlToken: latest.controlToken ?? tokenIn(folder, "operator.token") };
  }
}
