import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { needsCompute } from "@tutti/core";
import { findTask, requireDealable } from "@tutti/data";
import { rememberDatasets } from "@tutti/data/node";
import { ConfigError, makeRunFolder, readBackboneSizes, requirePair } from "@tutti/server";
import { publicFolder } from "@tutti/server/checkout";
import { type DemoConfig, nameRun, readDemoConfig } from "../run/demoConfig.ts";
import { backboneNamed, taskNamed } from "../run/demoSettings.ts";
import { requireFiles } from "../run/needs.ts";
import type { DemoOptions } from "../run/prepareDemo.ts";
import type { RowChoice } from "./fedPtRows.ts";
import { type FedPtChoice, type FedPtRun, fedPtSettings } from "./fedPtSettings.ts";

/** What FedPT's demo takes of the plain demo's options, and which rows it shows. */
export interface FedPtOptions extends FedPtChoice, Omit<DemoOptions, "system" | "fleet" | "startFrom" | keyof FedPtChoice> {
  readonly rows?: RowChoice | undefined;
}

/** What a demo of FedPT is resumed from. */
export interface FedPtConfig extends DemoConfig {
  readonly system: "fedpt";
  readonly rows: RowChoice;
  readonly run: FedPtRun;
}

/** A demo of FedPT that can start. */
export interface PreparedFedPt {
  readonly options: FedPtOptions;
  readonly config: FedPtConfig;
  readonly publicDir: string;
}

/** Looks at everything that FedPT's demo needs before a browser is looked for; a resumed one has the settings that it was begun with. */
export async function prepareFedPt(options: FedPtOptions): Promise<PreparedFedPt> {
  const publicDir = options.public ?? publicFolder();
  makeRunFolder(options.runsFolder);
  await rememberDatasets(publicDir);
  const { resumeRunId, runsFolder } = options;
  const config = resumeRunId === undefined ? configOf(options, publicDir) : await readConfig(runsFolder, resumeRunId);
  const { run } = config;
  for (const backbone of [run.backbone, run.strategy.large]) readBackboneSizes(publicDir, backbone);
  requirePair(publicDir, run);
  requireFiles(publicDir, [{ task: run.task, settings: run }]);
  return { options, config, publicDir };
}

function configOf(options: FedPtOptions, publicDir: string): FedPtConfig {
  const { tabs = 2, threads, kernels, backend = "wasm", rows = "three", task, backbone } = options;
  const run = inSentence(() =>
    fedPtSettings({
      ...options,
      task: task === undefined ? undefined : taskNamed(task).name,
      backbone: backbone === undefined ? undefined : backboneNamed(backbone, publicDir),
    }),
  );
  inSentence(() => requireDealable(findTask(run.task), run.partition));
  const numTabs = Math.min(tabs, run.numDevices);
  return {
    system: "fedpt",
    rows,
    runId: nameRun(new Date(), "fedpt"),
    numTabs,
    backend: backend === "auto" ? null : backend,
    backendReason: backend === "auto" ? "not measured yet" : `${backend}, ${options.backend === undefined ? "by default" : "as asked"}`,
    threads: threads ?? Math.max(1, Math.floor(availableParallelism() / numTabs)),
    port: 0,
    run,
    ...(kernels === "plain" ? { kernels } : {}),
  };
}

/** A task of another kind, or one that cannot be dealt out so, is the asker's fault. */
function inSentence<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new ConfigError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

async function readConfig(runsFolder: string, runId: string): Promise<FedPtConfig> {
  const config = await readDemoConfig(runsFolder, runId);
  if (!isOfFedPt(config)) throw new ConfigError(`run ${runId} is not a demo of FedPT: leave out --system to resume it`);
  return config;
}

function isOfFedPt(config: DemoConfig): config is FedPtConfig {
  return "system" in config && config.system === "fedpt" && needsCompute(config.run);
}

/** Which system a demo shows that is to be resumed; undefined for the plain demo, and where nothing can be read. */
export function systemOfRun(runsFolder: string, runId: string): "fedpt" | undefined {
  const path = join(runsFolder, runId, "config.json");
  if (!existsSync(path)) return undefined;
  try {
    const config: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof config === "object" && config !== null && "system" in config && config.system === "fedpt" ? "fedpt" : undefined;
  } catch {
    return undefined;
  }
}
