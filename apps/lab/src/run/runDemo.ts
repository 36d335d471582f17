import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { formatSeconds, mainMetric } from "@tutti/core";
import { findTask } from "@tutti/data";
import { identityOfRun, type RunRecord } from "@tutti/record";
import { renderTable } from "@tutti/report/printed";
import { ensurePages, loadBrowserScript } from "@tutti/server/checkout";
import { createDisplay, type Display, nameMachine, shellWord } from "@tutti/terminal";
import type { Clients } from "../drive/clients.ts";
import { openTabClients } from "../drive/tabClients.ts";
import { readCommit } from "./commit.ts";
import { backendText, type DemoConfig, sizeText, writeDemoConfig } from "./demoConfig.ts";
import { createFollower } from "./follow.ts";
import { openInBrowser } from "./openInBrowser.ts";
import { performRun } from "./performRun.ts";
import type { DemoOptions, PreparedDemo } from "./prepareDemo.ts";
import type { RunPlace } from "./runPlace.ts";
import { abortOnSignals, Stopped } from "./signals.ts";

/** How a demo ended. */
export type DemoEnd = { readonly kind: "finished" } | { readonly kind: "stopped"; readonly signal: NodeJS.Signals };

/** Runs a demo, which is an experiment of one run, from its first line to its report. */
export async function runDemo(demo: PreparedDemo): Promise<DemoEnd> {
  const { options, config } = demo;
  const startedAt = new Date().toISOString();
  const display = createDisplay(process.stderr);
  const folder = join(options.runsFolder, config.runId);
  const profilesFolder = join(folder, "tabs");
  const { chromiumFlags, ensureBrowser } = await loadBrowserScript();
  const executablePath = await ensureBrowser({ isInstallAllowed: true });
  const pagesDir = await ensurePages(display.say);
  const stop = abortOnSignals();
  stop.signal.addEventListener("abort", () => {
    display.end();
    display.say(`Stopping. To go on: ${resumeCommand(config.runId, options)}`);
  });
  const clients = openTabClients(config.numTabs, {
    executablePath,
    chromiumFlags,
    profilesFolder,
    isHeadless: options.headed !== true,
    onTrouble: display.say,
  });
  try {
    const record = await perform(demo, { clients, pagesDir, display, folder, startedAt, signal: stop.signal });
    display.end();
    process.stdout.write(`\n${renderTable(record)}\n`);
    display.say(`\nFinished in ${formatSeconds(record.seconds.total)}. Report: ${join(folder, "report.html")}`);
    await clients.close();
    await rm(profilesFolder, { recursive: true, force: true });
    if (options.open === true) openInBrowser(join(folder, "report.html"));
    return { kind: "finished" };
  } catch (error) {
    display.end();
    if (!(error instanceof Stopped)) throw error;
    return { kind: "stopped", signal: error.signal };
  } finally {
    await clients.close();
    stop.ignore();
  }
}

interface Stage {
  readonly clients: Clients;
  readonly pagesDir: string;
  readonly display: Display;
  /** Of the run. */
  readonly folder: string;
  readonly startedAt: string;
  readonly signal: AbortSignal;
}

/** Runs the run and writes what it leaves; answers its record. */
async function perform({ options, config, publicDir, controls }: PreparedDemo, stage: Stage): Promise<RunRecord> {
  const { folder, startedAt, display } = stage;
  let latest = config;
  const keep = (change: Partial<DemoConfig>) => {
    latest = { ...latest, ...change };
    return writeDemoConfig(folder, latest);
  };
  const order = {
    ...identityOfRun(config.runId, config.run, mainMetric(findTask(config.run.task), config.run)),
    faults: null,
    startFrom: config.startFrom,
  };
  let follow: ReturnType<typeof createFollower> = () => undefined;
  const loadFinish = once(() => import("./finish.ts"));
  const place: RunPlace = {
    ...placeOf(config, stage),
    publicDir,
    folder: options.runsFolder,
    async onListening(coordinator) {
      follow = createFollower(coordinator, config.run, display);
      display.say(`Run ${config.runId}: ${sizeText(config)}; ${coordinator.url} shows it.`);
      await keep({ port: coordinator.port });
    },
    async onBackend(backend) {
      const backendReason = `${backend}, the fastest backend in a test step, measured once for all tabs`;
      if (config.backend === null) await keep({ backend, backendReason });
      display.say(`Backend: ${backendText(latest)}`);
    },
    onEvent(event) {
      follow(event);
      if (event.kind === "step") void loadFinish(); // what draws the report takes a second to load: while the tabs compute, not before they start
    },
  };
  const { majority, notes } = controls;
  const { outcome, record } = await performRun(order, place, { workbench: null, known: { majority, notes } });
  const whole = { ...(await record), backendReason: latest.backendReason, commit: readCommit(), machine: nameMachine() };
  const { writeOutcome } = await loadFinish();
  await writeOutcome(folder, whole, { newcomerParams: outcome.newcomerParams, startedAt, json: options.json });
  return whole;
}

function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | null = null;
  return () => {
    loaded ??= load();
    return loaded;
  };
}

/** A demo has the machine to itself and takes as long as it takes. */
function placeOf(config: DemoConfig, { clients, pagesDir, signal }: Stage) {
  return {
    pagesDir,
    host: "127.0.0.1",
    port: config.port,
    clients,
    numRemote: 0,
    backend: config.backend ?? "auto",
    threads: config.threads,
    kernels: config.kernels ?? "fast",
    fleet: config.fleet,
    numAnswers: 10,
    numCores: availableParallelism(),
    limits: { secondsPerRun: Number.POSITIVE_INFINITY, secondsPerStep: Number.POSITIVE_INFINITY },
    signal,
  } as const;
}

/** What goes on with a demo that was stopped. */
export function resumeCommand(
  runId: string,
  { runsFolder, json, headed, open, public: publicDir }: Pick<DemoOptions, "runsFolder" | "json" | "headed" | "open" | "public">,
): string {
  const words = [
    ["--resume", runId],
    runsFolder === "runs" ? [] : ["--out", runsFolder],
    json === undefined ? [] : ["--json", json],
    publicDir === undefined ? [] : ["--public", publicDir],
    headed === true ? ["--headed"] : [],
    open === true ? ["--open"] : [],
  ];
  return ["npx tutti demo", ...words.flat().map(shellWord)].join(" ");
}
