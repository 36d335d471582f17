import { availableParallelism } from "node:os";
import type { ClientProfile } from "@tutti/core";
import { type DataControls, readControls, rememberDatasets } from "@tutti/data/node";
import { ConfigError, findBases, makeRunFolder, readBackboneSizes } from "@tutti/server";
import { publicFolder } from "@tutti/server/checkout";
import { readFleet } from "../experiment/fleet.ts";
import { type DemoConfig, nameRun, readDemoConfig } from "./demoConfig.ts";
import { backboneNamed, type DemoSettings, demoSettings } from "./demoSettings.ts";
import { requireFiles } from "./needs.ts";
import { readStart } from "./readStart.ts";
import { demoSystems } from "./systems.ts";

/** What can be chosen on the demo's command line. */
export interface DemoOptions extends DemoSettings {
  readonly tabs?: number | undefined;
  /** Of WebAssembly, in each tab; by default the machine's cores shared out. */
  readonly threads?: number | undefined;
  /** Where the result is also written. */
  readonly json?: string | undefined;
  /** Tuned parameters to start from: a run's id or folder, prompts.safetensors, or the folder of a peft adapter. */
  readonly startFrom?: string | undefined;
  /** A file with machines that the tabs simulate. */
  readonly fleet?: string | undefined;
  readonly headed?: boolean | undefined;
  readonly open?: boolean | undefined;
  /** Holds backbones and data sets; the project's own by default. */
  readonly public?: string | undefined;
  readonly runsFolder: string;
  readonly resumeRunId?: string | undefined;
}

/** A demo that can start. */
export interface PreparedDemo {
  readonly options: DemoOptions;
  readonly config: DemoConfig;
  readonly publicDir: string;
  readonly controls: DataControls;
}

const defaultTabs = 4;

/**
 * Looks at everything that a demo needs before a browser is looked for. Throws a ConfigError or an ExperimentError for what is asked for and is not
 * there; a resumed run has the settings that it was begun with.
 */
export async function prepareDemo(options: DemoOptions): Promise<PreparedDemo> {
  const publicDir = options.public ?? publicFolder();
  makeRunFolder(options.runsFolder);
  await rememberDatasets(publicDir);
  const { resumeRunId, runsFolder } = options;
  const config = resumeRunId === undefined ? configOf(options, publicDir) : await readDemoConfig(runsFolder, resumeRunId);
  const { run } = config;
  readBackboneSizes(publicDir, run.backbone);
  findBases(publicDir, run);
  requireFiles(publicDir, [{ task: run.task, settings: run }]);
  if (resumeRunId === undefined && config.startFrom !== undefined)
    await requireStart(config.startFrom, { dataDir: runsFolder, publicDir, run });
  return { options, config, publicDir, controls: await readControls(publicDir, run) };
}

async function requireStart(path: string, place: Parameters<typeof readStart>[1]): Promise<void> {
  await readStart(path, place).catch((cause: unknown) => {
    throw new ConfigError(`--start-from: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
}

/** Of the file, or else of the system that is shown. */
function fleetOf({ fleet, system }: DemoOptions): readonly ClientProfile[] | undefined {
  if (fleet !== undefined) return readFleet(fleet);
  return system === undefined ? undefined : demoSystems[system].fleet;
}

function configOf(options: DemoOptions, publicDir: string): DemoConfig {
  const { backbone, backend = "auto", kernels, tabs = defaultTabs, threads, startFrom } = options;
  const run = demoSettings({ ...options, backbone: backbone === undefined ? undefined : backboneNamed(backbone, publicDir) });
  const numTabs = Math.min(tabs, run.numDevices);
  const config: DemoConfig = {
    runId: nameRun(new Date(), run.task),
    numTabs,
    backend: backend === "auto" ? null : backend,
    backendReason: backend === "auto" ? "not measured yet" : `${backend}, as asked`,
    threads: threads ?? Math.max(1, Math.floor(availableParallelism() / numTabs)),
    port: 0,
    run,
  };
  const ofStart = startFrom === undefined ? {} : { startFrom };
  const fleet = fleetOf(options);
  const simulated = fleet === undefined ? {} : { fleet };
  return { ...config, ...ofStart, ...simulated, ...(kernels === "plain" ? { kernels } : {}) };
}
