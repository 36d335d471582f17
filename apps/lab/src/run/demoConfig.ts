import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { followed, presets, type RunSettings } from "@tutti/core";
import { runSettingsSchema, settingFaults } from "@tutti/protocol";
import { writeWhole } from "@tutti/terminal";

/** What can be chosen on the demo's command line; what is left out comes from the preset. */
export interface DemoOptions {
  readonly tabs?: number;
  readonly devices?: number;
  readonly rounds?: number;
  readonly task?: "topic" | "sentiment";
  readonly backend?: "auto" | DemoBackend;
  /** `plain` turns the tabs' fast kernels off, for comparison. */
  readonly kernels?: "fast" | "plain";
  /** Of WebAssembly, in each tab; by default the machine's cores shared out. */
  readonly threads?: number;
  readonly alpha?: number;
  readonly seed?: number;
  /** Where the result is also written. */
  readonly json?: string;
  readonly headed?: boolean;
  readonly open?: boolean;
  readonly runsFolder: string;
  readonly resumeRunId?: string;
}

export type DemoBackend = "webgpu" | "wasm" | "cpu";

/** What a demo is resumed from; `config.json` in its run folder. */
export interface DemoConfig {
  readonly runId: string;
  readonly numTabs: number;
  /** Given to every tab; null until it was measured. */
  readonly backend: DemoBackend | null;
  readonly backendReason: string;
  /** Absent for fast ones. */
  readonly kernels?: "plain";
  /** Per tab. */
  readonly threads: number;
  /** The tabs keep their storage by address, so a resumed run listens on the same port. */
  readonly port: number;
  readonly run: RunSettings;
}

/** What a tab's page is opened at. */
export function tabAddress(origin: string, { threads, kernels }: Pick<DemoConfig, "threads" | "kernels">, backend: string): string {
  return `${origin}/?auto=1&backend=${backend}&threads=${threads}${kernels === undefined ? "" : `&kernels=${kernels}`}`;
}

/** `4 devices in 1 tab`. */
export function sizeText({ run, numTabs }: Pick<DemoConfig, "run" | "numTabs">): string {
  return `${plural(run.numDevices, "device")} in ${plural(numTabs, "tab")}`;
}

/** What the tabs compute on, and why. */
export function backendText({ backend, backendReason, threads, kernels }: Omit<DemoConfig, "runId" | "numTabs" | "port" | "run">): string {
  const parallel = backend === "wasm" ? [`${plural(threads, "thread")} in each tab`] : [];
  const said = [backendReason, ...parallel, ...(kernels === undefined ? [] : [`${kernels} kernels`])];
  const slow = backend === "webgpu" ? " On a machine without a GPU Chromium computes it in software, many times slower than wasm." : "";
  return `${said.join("; ")}.${slow}`;
}

function plural(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** What was asked for, not chosen for speed, may take so much longer than the preset's deadline allows. */
const slowDeadlineFactor = 20;

/** The preset `demo` with the options laid over it. A backend or kernels that were asked for by name are given more time. */
export function demoSettings({ devices, rounds, task, alpha, seed, backend, kernels }: DemoOptions): RunSettings {
  const preset = presets.demo;
  const isSlow = backend === "webgpu" || backend === "cpu" || kernels === "plain";
  const numDevices = devices ?? preset.numDevices;
  return {
    ...preset,
    deadlineMs: isSlow && preset.deadlineMs !== null ? slowDeadlineFactor * preset.deadlineMs : preset.deadlineMs,
    task: `feedback/${task ?? "topic"}`,
    numDevices,
    ...followed({ numDevices }, preset, () => false),
    numRounds: rounds ?? preset.numRounds,
    seed: seed ?? preset.seed,
    ...(alpha === undefined ? {} : { partition: { kind: "dirichletLabel", dirichletAlpha: alpha } }),
  };
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
  if (text === null) throw new Error(`there is no run ${runId} to resume: ${path} does not exist; \`tutti run list\` shows the runs`);
  const config = parsed(text) as DemoConfig | null;
  const run = runSettingsSchema.safeParse(config?.run);
  if (config !== null && run.success && typeof config.numTabs === "number") return { ...config, run: run.data };
  const faults = typeof config?.run === "object" ? settingFaults(runSettingsSchema, config.run, { path: ["run"] }) : [];
  throw new Error(`${path} is not the configuration of a demo${faults.length === 0 ? "" : `: ${faults.join("; ")}`}`);
}

/** Null for text that is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
