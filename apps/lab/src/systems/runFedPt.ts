import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { rememberDatasets } from "@tutti/data/node";
import { makeRunFolder } from "@tutti/server";
import { ensurePages, loadBrowserScript, publicFolder } from "@tutti/server/checkout";
import { createDisplay, writeWhole } from "@tutti/terminal";
import { openTabClients } from "../drive/tabClients.ts";
import { nameRun } from "../run/demoConfig.ts";
import { driveRun } from "../run/driveRun.ts";
import { createFollower } from "../run/follow.ts";
import type { RunPlace } from "../run/runPlace.ts";
import { abortOnSignals, Stopped } from "../run/signals.ts";
import { type FedPtResult, fedPtPage, fedPtText } from "./fedPtReport.ts";
import { fedPtSettings, type SystemSettings } from "./fedPtSettings.ts";
import { measureProxy } from "./proxyRows.ts";

/** What can be chosen on the command line of a system's demo. */
export interface SystemOptions extends SystemSettings {
  readonly tabs?: number | undefined;
  readonly json?: string | undefined;
  readonly headed?: boolean | undefined;
  readonly public?: string | undefined;
  readonly runsFolder: string;
}

const numTexts = 64;
const numShown = 10;
const maxNewTokens = 32;

/** FedPT from its first line to its report: tabs train the small model, a compute client of this machine holds the large one. */
export async function runFedPt(options: SystemOptions): Promise<{ readonly stoppedBy: NodeJS.Signals | null }> {
  const publicDir = options.public ?? publicFolder();
  makeRunFolder(options.runsFolder);
  await rememberDatasets(publicDir);
  const run = fedPtSettings(options);
  const runId = nameRun(new Date(), "fedpt");
  const folder = join(options.runsFolder, runId);
  const display = createDisplay(process.stderr);
  const { chromiumFlags, ensureBrowser } = await loadBrowserScript();
  const executablePath = await ensureBrowser({ isInstallAllowed: true });
  const pagesDir = await ensurePages(display.say);
  const stop = abortOnSignals();
  const profilesFolder = join(folder, "tabs");
  const numTabs = Math.min(options.tabs ?? 2, run.numDevices);
  const headless = { isHeadless: options.headed !== true, onTrouble: display.say };
  const clients = openTabClients(numTabs, { executablePath, chromiumFlags, profilesFolder, ...headless });
  let follow: ReturnType<typeof createFollower> = () => undefined;
  const numCores = availableParallelism();
  const place: RunPlace = {
    publicDir,
    pagesDir,
    folder: options.runsFolder,
    host: "127.0.0.1",
    port: 0,
    clients,
    numRemote: 0,
    backend: "wasm",
    threads: 1,
    kernels: "fast",
    numCores,
    limits: { secondsPerRun: Number.POSITIVE_INFINITY, secondsPerStep: Number.POSITIVE_INFINITY },
    onListening(coordinator) {
      follow = createFollower(coordinator, run, display);
      display.say(`Run ${runId}: ${run.numDevices} devices in ${numTabs} tabs, and a compute client; ${coordinator.url} shows it.`);
    },
    onBackend: () => undefined,
    onEvent: (event) => follow(event),
    signal: stop.signal,
  };
  try {
    const { outcome, totalSeconds } = await driveRun({ id: runId, settings: run, faults: null }, place);
    await clients.close();
    display.say(`Answering ${numTexts} test texts with three models …`);
    const { large, a } = run.strategy;
    const params = outcome.newcomerParams;
    const measured = await measureProxy({ publicDir, run, large, a, params, numTexts, numShown, maxNewTokens });
    const { up, down } = outcome.traffic.train;
    const result: FedPtResult = {
      ...measured,
      runId,
      small: run.backbone,
      large,
      a,
      seconds: totalSeconds,
      bytes: { up, down },
      steps: outcome.steps,
    };
    await writeResult(folder, result, options.json);
    display.end();
    process.stdout.write(`\n${fedPtText(result)}\n`);
    display.say(`\nReport: ${join(folder, "report.html")}`);
    await rm(profilesFolder, { recursive: true, force: true });
    return { stoppedBy: null };
  } catch (error) {
    display.end();
    if (!(error instanceof Stopped)) throw error;
    return { stoppedBy: error.signal };
  } finally {
    await clients.close();
    stop.ignore();
  }
}

async function writeResult(folder: string, result: FedPtResult, json: string | undefined): Promise<void> {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  await writeWhole(join(folder, "report.html"), fedPtPage(result));
  await writeWhole(join(folder, "results.json"), text);
  if (json !== undefined) await writeWhole(json, text);
}
