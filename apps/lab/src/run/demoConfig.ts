import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ClientProfile, formatCount, type RunSettings } from "@tutti/core";
import type { BackendName } from "@tutti/model";
import { runSettingsSchema, settingFaults } from "@tutti/protocol";
import { ConfigError } from "@tutti/server";
import { writeWhole } from "@tutti/terminal";

/** What a demo is resumed from; `config.json` in its run folder. */
export interface DemoConfig {
  readonly runId: string;
  readonly numTabs: number;
  /** Given to every tab; null until it was measured. */
  readonly backend: BackendName | null;
  readonly backendReason: string;
  /** Absent for fast ones. */
  readonly kernels?: "plain";
  /** Per tab. */
  readonly threads: number;
  /** The tabs keep their storage by address, so a resumed run listens on the same port. */
  readonly port: number;
  /** Tuned parameters that it started from; absent for values drawn from the seed. */
  readonly startFrom?: string;
  /** Machines that the tabs simulate; absent for none. */
  readonly fleet?: readonly ClientProfile[];
  readonly run: RunSettings;
}

/** `4 devices in 1 tab`. */
export function sizeText({ run, numTabs }: Pick<DemoConfig, "run" | "numTabs">): string {
  return `${formatCount(run.numDevices, "device")} in ${formatCount(numTabs, "tab")}`;
}

/** What the tabs compute on, and why. */
export function backendText({ backend, backendReason, threads, kernels }: Omit<DemoConfig, "runId" | "numTabs" | "port" | "run">): string {
  const said = [
    backendReason,
    backend === "wasm" ? `${formatCount(threads, "thread")} in each tab` : null,
    kernels === undefined ? null : `${kernels} kernels`,
  ];
  const slow =
    backend === "webgpu" ? " On a machine without a GPU, Chromium runs WebGPU on the processor, many times slower than wasm." : "";
  return `${said.filter((one) => one !== null).join("; ")}.${slow}`;
}

/** A run's name: when it began and what it learns, such as `20260102-030405-topic`. */
export function nameRun(start: Date, task: string): string {
  const stamp = start.toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${stamp}-${task.split("/").at(-1)}`;
}

/** Writes `config.json` of a run folder. */
export async function writeDemoConfig(folder: string, config: DemoConfig): Promise<void> {
  await writeWhole(join(folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
}

/** The configuration of a demo that was stopped; throws a sentence when there is none. */
export async function readDemoConfig(runsFolder: string, runId: string): Promise<DemoConfig> {
  const path = join(runsFolder, runId, "config.json");
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) throw new ConfigError(`there is no run ${runId} to resume: ${path} does not exist; \`tutti run list\` shows the runs`);
  const config = parsed(text) as DemoConfig | null;
  const run = runSettingsSchema.safeParse(config?.run);
  if (config !== null && run.success && typeof config.numTabs === "number") return { ...config, run: run.data };
  const faults = typeof config?.run === "object" ? settingFaults(runSettingsSchema, config.run, { path: ["run"] }) : [];
  throw new ConfigError(`${path} is not the configuration of a demo${faults.length === 0 ? "" : `: ${faults.join("; ")}`}`);
}

/** Null for text that is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
