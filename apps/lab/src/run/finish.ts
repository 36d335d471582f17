import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Params } from "@tutti/core";
import { writePromptsFile } from "@tutti/model";
import { experimentOfRun, type RunRecord, resultOf } from "@tutti/record";
import { writeRunReport } from "@tutti/report";
import { writeWhole } from "@tutti/terminal";

/** What a finished run leaves beside its record. */
export interface RunLeavings {
  readonly newcomerParams: Params;
  /** ISO date and time. */
  readonly startedAt: string;
  /** A file for the result alone. */
  readonly json: string | undefined;
}

/** Writes results.json, report.html and prompts.safetensors into the run folder, and the result to `json` where one is named. */
export async function writeOutcome(folder: string, record: RunRecord, { newcomerParams, startedAt, json }: RunLeavings): Promise<void> {
  const { id: runId, settings } = record;
  const prompts = writePromptsFile({ runId, settings, params: newcomerParams });
  const experiment = experimentOfRun(record, { startedAt });
  await Promise.all([
    writeRunReport(experiment, folder),
    writeWhole(join(folder, "prompts.safetensors"), prompts),
    json === undefined ? undefined : writeFile(json, `${JSON.stringify(resultOf(record), null, 2)}\n`),
  ]);
}
