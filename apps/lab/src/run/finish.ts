import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writePromptsFile } from "@tutti/model";
import type { RunReport } from "@tutti/record";
import { collectResult, countTexts, hashParameters, uploadsByRound } from "@tutti/record";
import { renderReport } from "@tutti/report";
import type { RunOutcome } from "@tutti/server";
import { nameMachine, writeWhole } from "@tutti/terminal";
import type { DataControls } from "./controls.ts";
import type { DemoConfig } from "./demoConfig.ts";

/** Everything that is reported of a finished run. */
export function reportOf(outcome: RunOutcome, config: DemoConfig, controls: DataControls, totalSeconds: number): RunReport {
  const { summary, steps, traffic, newcomerParams: allParams } = outcome;
  const local = new Map([...outcome.deviceStates].map(([deviceId, state]) => [deviceId, state.local]));
  const sources = {
    settings: config.run,
    summary,
    allParams,
    steps,
    traffic,
    majority: controls.majority,
    backend: config.backend ?? "unknown",
    threads: config.threads,
    numTabs: config.numTabs,
    totalSeconds,
    parametersSha256: hashParameters(outcome.globalParams, local),
  };
  return {
    runId: config.runId,
    settings: config.run,
    machine: nameMachine(),
    backendReason: config.backendReason,
    result: collectResult(sources),
    texts: countTexts(sources),
    steps,
    traffic,
    spectra: summary.probes,
    uploads: uploadsByRound(sources),
    notes: controls.notes,
  };
}

/** Writes results.json, report.html and prompts.safetensors into the run folder, and the result to `json` where one is named. */
export async function writeOutcome(
  folder: string,
  report: RunReport,
  { newcomerParams }: RunOutcome,
  json: string | undefined,
): Promise<void> {
  const { runId, settings, result } = report;
  const prompts = writePromptsFile({ runId, settings, params: newcomerParams });
  await Promise.all([
    writeWhole(join(folder, "results.json"), `${JSON.stringify(report, null, 2)}\n`),
    writeWhole(join(folder, "report.html"), renderReport(report)),
    writeWhole(join(folder, "prompts.safetensors"), prompts),
    json === undefined ? undefined : writeFile(json, `${JSON.stringify(result, null, 2)}\n`),
  ]);
}
