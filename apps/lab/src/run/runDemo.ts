import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { formatSeconds } from "@tutti/core";
import { renderTable } from "@tutti/report";
import { type Coordinator, makeRunFolder, readBackboneSizes, startCoordinator, tunedParameters } from "@tutti/server";
import { ensurePages, loadBrowserScript, publicFolder } from "@tutti/server/checkout";
import { createDisplay, type Display } from "@tutti/terminal";
import { createTabs, type Tabs } from "../drive/tabs.ts";
import { type DataControls, readControls } from "./controls.ts";
import {
  backendText,
  type DemoConfig,
  type DemoOptions,
  demoSettings,
  nameRun,
  readDemoConfig,
  sizeText,
  tabAddress,
  writeDemoConfig,
} from "./demoConfig.ts";
import { reportOf, writeOutcome } from "./finish.ts";
import { followRun } from "./follow.ts";

/** How a demo ended. */
export type DemoEnd = { readonly kind: "finished" } | { readonly kind: "stopped"; readonly signal: NodeJS.Signals };

const defaultTabs = 4;

/** Runs the demo from the first line to the report; the settings of a resumed run are those it was begun with. */
export async function runDemo(options: DemoOptions): Promise<DemoEnd> {
  const startMs = performance.now();
  const display = createDisplay(process.stderr);
  makeRunFolder(options.runsFolder); // told before a browser is looked for and pages are built
  const config = await chooseConfig(options);
  const browser = await loadBrowserScript();
  const executablePath = await browser.ensureBrowser({ isInstallAllowed: true });
  const pagesDir = await ensurePages((line) => display.say(line));
  const publicDir = publicFolder();
  const controls = await readControls(publicDir, config.run);
  const stop = listenForSignals();
  const coordinator = await openCoordinator(config, controls, { ...options, pagesDir, publicDir });
  const earlierSeconds = coordinator.steps().reduce((sum, { seconds }) => sum + seconds, 0);
  const profilesFolder = join(coordinator.folder, "tabs");
  let isFinished = false;
  const tabs = createTabs({
    executablePath,
    chromiumFlags: browser.chromiumFlags,
    profilesFolder,
    isHeadless: options.headed !== true,
    onTrouble: (sentence) => display.say(sentence),
  });
  display.say(`Run ${config.runId}: ${sizeText(config)}; ${coordinator.url} shows it.`);
  const unfollow = followRun(coordinator, config.run, display);
  try {
    const finished = finishInTabs(coordinator, tabs, config, display);
    finished.catch(() => undefined);
    const signal = await Promise.race([finished.then(() => null), stop.signalled]);
    if (signal !== null) {
      display.end();
      display.say(`Stopping. To go on: ${resumeCommand(config.runId, options)}`);
      return { kind: "stopped", signal };
    }
    const { outcome, chosen } = await finished;
    display.end();
    const report = reportOf(outcome, chosen, controls, earlierSeconds + (performance.now() - startMs) / 1000);
    await writeOutcome(coordinator.folder, report, outcome, options.json);
    process.stdout.write(`\n${renderTable(report)}\n`);
    display.say(`\nFinished in ${formatSeconds(report.result.seconds.total)}. Report: ${join(coordinator.folder, "report.html")}`);
    isFinished = true;
    if (options.open === true) openInBrowser(join(coordinator.folder, "report.html"));
    return { kind: "finished" };
  } finally {
    unfollow();
    await coordinator.close();
    await tabs.close();
    if (isFinished) await rm(profilesFolder, { recursive: true, force: true });
    stop.ignore();
  }
}

async function chooseConfig(options: DemoOptions): Promise<DemoConfig> {
  if (options.resumeRunId !== undefined) return readDemoConfig(options.runsFolder, options.resumeRunId);
  const run = demoSettings(options);
  const numTabs = Math.min(options.tabs ?? defaultTabs, run.numDevices);
  const backend = options.backend === undefined || options.backend === "auto" ? null : options.backend;
  return {
    runId: nameRun(new Date(), run.task),
    numTabs,
    backend,
    backendReason: backend === null ? "not measured yet" : `${backend}, as asked`,
    threads: options.threads ?? Math.max(1, Math.floor(availableParallelism() / numTabs)),
    ...(options.kernels === "plain" ? { kernels: "plain" } : {}),
    port: 0,
    run,
  };
}

async function openCoordinator(
  config: DemoConfig,
  { numClasses }: DataControls,
  { runsFolder, pagesDir, publicDir }: { runsFolder: string; pagesDir: string; publicDir: string },
): Promise<Coordinator> {
  const { runId, run, numTabs, backend, threads } = config;
  const tuned = tunedParameters(run, readBackboneSizes(publicDir, run.backbone), numClasses);
  const settings = {
    dataDir: runsFolder,
    runId,
    pagesDir,
    publicDir,
    host: "127.0.0.1",
    logLevel: "silent",
    expectedClients: numTabs,
  } as const;
  const start = (port: number) => startCoordinator({ ...settings, port, backend, threads, run }, { tuned });
  // another program may have taken the port since; then the tabs' storage is out of reach and the states kept in the run folder serve
  return start(config.port).catch((error: unknown) => (config.port === 0 ? Promise.reject(error) : start(0)));
}

/** Opens the tabs, the first alone where it has to measure the backend for all, and waits for the end of the run. */
async function finishInTabs(coordinator: Coordinator, tabs: Tabs, config: DemoConfig, display: Display) {
  const address = (backend: string) => tabAddress(coordinator.url, config, backend);
  let chosen: DemoConfig = { ...config, port: coordinator.port };
  await writeDemoConfig(coordinator.folder, chosen);
  await tabs.open(0, address(config.backend ?? "auto"));
  if (config.backend === null) {
    const backend = await firstBackend(coordinator);
    chosen = { ...chosen, backend, backendReason: `${backend}, the fastest of a micro-step on each backend, measured once for all tabs` };
    await writeDemoConfig(coordinator.folder, chosen);
  }
  display.say(`Backend: ${backendText(chosen)}`);
  const others = Array.from({ length: config.numTabs - 1 }, (_, index) => index + 1);
  await Promise.all(others.map((index) => tabs.open(index, address(chosen.backend ?? "auto"))));
  return { outcome: await coordinator.whenDone(), chosen };
}

/** The backend that the first client to register computes on. */
function firstBackend(coordinator: Coordinator): Promise<"webgpu" | "wasm" | "cpu"> {
  return new Promise((resolve, reject) => {
    const stop = coordinator.subscribe((event) => {
      if (event.kind === "failed") reject(event.error);
      const backend = event.kind === "status" ? coordinator.clients().find((client) => client.backend !== null)?.backend : undefined;
      if (backend == null) return;
      stop();
      resolve(backend);
    });
    coordinator.whenDone().catch(reject);
  });
}

function resumeCommand(runId: string, { runsFolder, json, headed, open }: DemoOptions): string {
  const out = runsFolder === "runs" ? "" : ` --out ${quoted(runsFolder)}`;
  const flags = `${headed === true ? " --headed" : ""}${open === true ? " --open" : ""}`;
  return `npm run demo -- --resume ${runId}${out}${json === undefined ? "" : ` --json ${quoted(json)}`}${flags}`;
}

/** A word as a shell takes it back. */
const quoted = (word: string) => (/^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** One Ctrl-C may reach the process twice, from the terminal and from the command that started it. */
const sameKeyMs = 1000;

/** The first SIGINT or SIGTERM; another one, pressed later, ends the process at once. */
function listenForSignals() {
  let resolveFirst: (signal: NodeJS.Signals) => void = () => undefined;
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    resolveFirst = resolve;
  });
  let firstMs: number | null = null;
  const tell = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (firstMs !== null && now - firstMs > sameKeyMs) process.exit(signal === "SIGINT" ? 130 : 143);
    firstMs ??= now;
    resolveFirst(signal);
  };
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, tell);
  return {
    signalled,
    ignore: () => {
      for (const name of names) process.removeListener(name, tell);
    },
  };
}

function openInBrowser(path: string): void {
  const [command, ...args] = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[process.platform as "darwin" | "win32"] ?? [
    "xdg-open",
  ];
  if (command === undefined) return;
  spawn(command, [...args, path], { stdio: "ignore", detached: true })
    .on("error", () => undefined)
    .unref();
}
