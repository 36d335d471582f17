import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findTask } from "@tutti/data";
import { collectRecord, experimentOfRun, hashParameters, identityOfRun, type RunRecord, resultOf } from "@tutti/record";
import { writeRunReport } from "@tutti/report";
import type { RunOutcome } from "@tutti/server";
import { nameMachine, writeWhole } from "@tutti/terminal";
import type { DataControls } from "./controls.ts";
import type { DemoConfig } from "./demoConfig.ts";
import { writePromptsFile } from "./promptsFile.ts";

/** The record of a finished demo. */
export function recordOf(outcome: RunOutcome, config: DemoConfig, controls: DataControls, totalSeconds: number): RunRecord {
  const { summary, steps, traffic, newcomerParams: allParams } = outcome;
  const local = new Map([...outcome.deviceStates].map(([deviceId, state]) => [deviceId, state.local]));
  return collectRecord(
    identityOfRun(config.runId, config.run, findTask(config.run.task).metric),
    { summary, allParams, steps, traffic },
    {
      ...{ backend: config.backend ?? "unknown", backendReason: config.backendReason, clients: "tabs", numClients: config.numTabs },
      ...{ threads: config.threads, machine: nameMachine(), notes: controls.notes, majority: controls.majority, totalSeconds },
      parametersSha256: hashParameters(outcome.globalParams, local),
    },
  );
}

/** Writes results.json, report.html and prompts.safetensors into the run folder, and the result to `json` where one is named. */
export async function writeOutcome(
  folder: string,
  record: RunRecord,
  { newcomerParams }: RunOutcome,
  json: string | undefined,
): Promise<void> {
  const { id: runId, settings } = record;
  const prompts = writePromptsFile({ runId, settings, params: newcomerParams });
  const experiment = experimentOfRun(record, { startedAt: new Date().toISOString() });
  await Promise.all([
    writeRunReport(experiment, folder),
    writeWhole(join(folder, "prompts.safetensors"), prompts),
    json === undefined ? undefined : writeFile(json, `${JSON.stringify(resultOf(record), null, 2)}\n`),
  ]);
}
