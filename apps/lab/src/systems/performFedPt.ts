import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Params, RunSettings } from "@tutti/core";
import type { StepRecord } from "@tutti/record";
import type { Display } from "@tutti/terminal";
import type { Clients } from "../drive/clients.ts";
import { openPeakMeter } from "../drive/peakMeter.ts";
import { sizeText, writeDemoConfig } from "../run/demoConfig.ts";
import { driveRun } from "../run/driveRun.ts";
import { createFollower } from "../run/follow.ts";
import type { RunPlace } from "../run/runPlace.ts";
import type { FedPtConfig, PreparedFedPt } from "./fedPtConfig.ts";
import { bytesPerDeviceRound, type RunCost, type RunName } from "./fedPtRows.ts";
import { largeFederated, withoutDistillation } from "./fedPtSettings.ts";

/** What every run of a demo needs. */
export interface Stage {
  readonly prepared: PreparedFedPt;
  /** Of the demo. */
  readonly folder: string;
  readonly display: Display;
  readonly pagesDir: string;
  /** Clients of one run, whose profiles lie in this folder. */
  openClients(profilesFolder: string): Clients;
  /** As in `RunPlace`. */
  readonly computeCommand?: readonly string[];
  readonly signal: AbortSignal;
}

/** A run that is over. */
export interface FinishedRun {
  readonly run: RunSettings;
  readonly params: Params;
  readonly steps: readonly StepRecord[];
  readonly cost: RunCost;
  /** With the backend that was measured, which the next run computes on too. */
  readonly config: FedPtConfig;
}

function settingsOf(name: RunName, { run }: FedPtConfig): RunSettings {
  return name === "fedpt" ? run : name === "averaged" ? withoutDistillation(run) : largeFederated(run);
}

/** Runs FedPT, or one that it is compared with, to its end, or goes on with it. */
export async function performFedPt(stage: Stage, name: RunName): Promise<FinishedRun> {
  const { prepared, folder, display, computeCommand, signal } = stage;
  const { config } = prepared;
  const settings = settingsOf(name, config);
  const isMain = name === "fedpt";
  const profilesFolder = join(folder, "tabs", name);
  const profiles = Array.from({ length: config.numTabs }, (_, index) => join(profilesFolder, String(index)));
  const clients = stage.openClients(profilesFolder);
  const meter = await openPeakMeter(join(folder, `memory-${name}.json`), profiles);
  let follow: ReturnType<typeof createFollower> = () => undefined;
  let latest = config;
  const keep = (change: Partial<FedPtConfig>) => {
    latest = { ...latest, ...change };
    return writeDemoConfig(folder, latest);
  };
  const place: RunPlace = {
    ...placeOf(stage, isMain),
    clients,
    computeCommand,
    async onListening(coordinator) {
      follow = createFollower(coordinator, settings, display);
      meter.watch(coordinator.url);
      const what = `${sizeText({ run: settings, numTabs: config.numTabs })}${coordinator.computeToken === null ? "" : ", and a compute client"}`;
      display.say(`Run ${isMain ? config.runId : `${config.runId}/${name}`}: ${what}; ${coordinator.url} shows it.`);
      if (isMain) await keep({ port: coordinator.port });
    },
    async onBackend(backend) {
      if (isMain && config.backend === null) await keep({ backend, backendReason: `${backend}, the fastest backend in a test step` });
    },
    onEvent(event) {
      follow(event);
      if (event.kind === "step") meter.look();
    },
    signal,
  };
  try {
    const { outcome, totalSeconds } = await driveRun({ id: isMain ? config.runId : name, settings, faults: null }, place);
    const { steps, newcomerParams: params } = outcome;
    const cost = { seconds: totalSeconds, perDeviceRound: bytesPerDeviceRound(steps), peak: await meter.read() };
    return { run: settings, params, steps, cost, config: latest };
  } finally {
    await clients.close();
  }
}

/** A demo has the machine to itself and takes as long as it takes. The runs beside FedPT's own lie in its folder. */
function placeOf({ prepared: { config, options, publicDir }, folder, pagesDir }: Stage, isMain: boolean) {
  return {
    publicDir,
    pagesDir,
    folder: isMain ? options.runsFolder : join(folder, "runs"),
    host: "127.0.0.1",
    port: isMain ? config.port : 0,
    numRemote: 0,
    backend: config.backend ?? "auto",
    threads: config.threads,
    kernels: config.kernels ?? "fast",
    numCores: availableParallelism(),
    limits: { secondsPerRun: Number.POSITIVE_INFINITY, secondsPerStep: Number.POSITIVE_INFINITY },
  } as const;
}
