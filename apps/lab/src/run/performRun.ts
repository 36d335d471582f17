import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createRandom, type Params, type RoundPlan } from "@tutti/core";
import { findTask } from "@tutti/data";
import type { LabRun } from "@tutti/record";
import {
  type Coordinator,
  type CoordinatorEvent,
  type RunOutcome,
  readBackboneSizes,
  startCoordinator,
  tunedParameters,
} from "@tutti/server";
import type { Clients } from "../drive/clients.ts";
import { type FaultProxy, openFaultProxy } from "../drive/faultProxy.ts";
import { busySeconds, processorSecondsOf } from "../drive/processorTime.ts";
import { createUsageMeter } from "../drive/usage.ts";
import type { PlannedRun } from "../experiment/runPlan.ts";
import { measureBeside, scoresLayers } from "./besideRun.ts";
import { collectRun } from "./collectRun.ts";
import { isGlobalEvaluation, newcomerParams } from "./finalParams.ts";
import type { Workbench } from "./workbench.ts";

/** Where a run runs. */
export interface RunPlace {
  readonly publicDir: string;
  readonly pagesDir: string | null;
  /** Of this run; its coordinator keeps its journal there. */
  readonly folder: string;
  readonly host: string;
  /** The tabs keep their storage by address, so the same place has the same port. */
  readonly port: number;
  readonly clients: Clients;
  /** Clients of other machines that are waited for too. */
  readonly numRemote: number;
  readonly backend: "auto" | "webgpu" | "wasm" | "cpu";
  readonly threads: number;
  /** Cores that are this run's. */
  readonly numCores: number;
  readonly limits: { readonly secondsPerRun: number; readonly secondsPerStep: number };
  readonly workbench: Workbench;
  onListening(coordinator: Coordinator): void;
  onEvent(event: CoordinatorEvent, coordinator: Coordinator): void;
  readonly signal: AbortSignal;
}

/** A run that is over, and its result, which waits for the replay. */
export interface PerformedRun {
  readonly backend: string;
  readonly result: Promise<LabRun>;
}

/** Runs one federated run to its end, or goes on with it; rejects when it fails, and with the signal's reason when it is stopped. */
export async function performRun(planned: PlannedRun, place: RunPlace): Promise<PerformedRun> {
  const startMs = performance.now();
  const coordinator = await openCoordinator(planned, place);
  const earlier = coordinator.steps().reduce((sum, { seconds }) => sum + seconds, 0);
  let lastEvaluation: RoundPlan | null = null;
  const newcomers = new Map<number, Params>();
  let lastStepMs = performance.now();
  const meter = createUsageMeter({
    nowSeconds: () => performance.now() / 1000,
    processorSeconds: () => place.clients.processorSeconds(),
    foreignSeconds: () => foreignSeconds(place.numCores),
    numCores: place.numCores,
  });
  const proxy =
    planned.faults === null
      ? null
      : await openFaultProxy({ host: place.host, port: 0, targetPort: coordinator.port, plan: planned.faults });
  const stopFollowing = coordinator.subscribe((event) => {
    meter.on(event);
    if (event.kind === "planned" && isGlobalEvaluation(event.plan)) {
      lastEvaluation = event.plan;
      if (scoresLayers(planned.settings)) newcomers.set(event.plan.round, newcomerParams(event.plan));
    }
    if (event.kind === "closed") lastStepMs = performance.now();
    if (event.kind === "planned" && proxy !== null) reloadSome(event.plan, proxy, place.clients);
    place.onEvent(event, coordinator);
  });
  try {
    place.onListening(coordinator);
    await joinAll(planned, place, coordinator, proxy?.url ?? coordinator.url);
    const outcome = await raceTrouble(coordinator, place, () => ({
      ranMs: performance.now() - startMs,
      stillMs: performance.now() - lastStepMs,
    }));
    const backend = backendOf(coordinator) ?? place.backend;
    const measured = collectRun(planned, outcome, {
      ...{ backend, clients: place.clients.kind, usage: meter.usage() },
      totalSeconds: earlier + (performance.now() - startMs) / 1000,
      faults: planned.faults === null || proxy === null ? null : { plan: planned.faults, counts: proxy.counts() },
    });
    const reportedAccuracy = measured.final.global?.accuracy ?? null;
    const remains = { outcome, lastEvaluation, newcomers, reportedAccuracy, backend };
    const result = measureBeside(planned, place.workbench, remains).then(({ majority, zeroShot, ...beside }) => {
      return { ...measured, ...beside, controls: { majority, zeroShot: measured.controls.zeroShot ?? zeroShot } };
    });
    result.catch(() => undefined);
    return { backend, result };
  } finally {
    stopFollowing();
    await coordinator.close();
    await proxy?.close();
  }
}

async function openCoordinator({ id, settings, task }: PlannedRun, place: RunPlace): Promise<Coordinator> {
  const { publicDir, pagesDir, folder, host, backend, threads, clients, numRemote } = place;
  const tuned = tunedParameters(settings, readBackboneSizes(publicDir, settings.backbone), findTask(task).classes.length);
  const options = {
    ...{ dataDir: folder, runId: id, pagesDir, publicDir, host, threads, run: settings, graceMs: 10_000 },
    logLevel: "silent",
    expectedClients: Math.min(clients.count + numRemote, settings.numDevices),
    backend: backend === "auto" ? null : backend,
  } as const;
  const start = (port: number) => startCoordinator({ ...options, port }, { tuned });
  // another program may have taken the port since; then the tabs' storage is out of reach, and the states kept here serve
  return start(place.port).catch((error: unknown) => (place.port === 0 ? Promise.reject(error) : start(0)));
}

/** Where the backend is still to be measured, the first client does so alone, and the others follow it. */
async function joinAll({ id, settings }: PlannedRun, place: RunPlace, coordinator: Coordinator, url: string): Promise<void> {
  const { clients, folder, threads, numRemote } = place;
  const join1 = (index: number, backend: RunPlace["backend"]) =>
    clients.join(index, { url, runId: id, folder: join(folder, "clients"), backend, threads });
  // a client more than there are devices would wait for ever
  const count = Math.min(clients.count, Math.max(1, settings.numDevices - numRemote));
  const others = Array.from({ length: count - 1 }, (_, index) => index + 1);
  await join1(0, place.backend);
  const backend = place.backend === "auto" && others.length > 0 ? await firstBackend(coordinator, place.signal) : place.backend;
  await Promise.all(others.map((index) => join1(index, backend)));
}

const isBackend = (name: string | null): name is "webgpu" | "wasm" | "cpu" => ["webgpu", "wasm", "cpu"].includes(name ?? "");

/** What the first client that said so computes on. */
export function backendOf(coordinator: Pick<Coordinator, "clients">): "webgpu" | "wasm" | "cpu" | null {
  return (
    coordinator
      .clients()
      .map(({ backend }) => backend)
      .find(isBackend) ?? null
  );
}

function firstBackend(coordinator: Coordinator, signal: AbortSignal): Promise<"webgpu" | "wasm" | "cpu" | "auto"> {
  return new Promise((resolve) => {
    const settle = (backend: "webgpu" | "wasm" | "cpu" | "auto") => {
      stop();
      resolve(backend);
    };
    const stop = coordinator.subscribe((event) => {
      const backend = backendOf(coordinator);
      if (backend !== null) settle(backend);
      else if (event.kind === "failed") settle("auto");
    });
    signal.addEventListener("abort", () => settle("auto"), { once: true });
  });
}

const lookEveryMs = 2000;

/** The outcome, unless the run is stopped, takes too long, stands still, or a client cannot take part. */
async function raceTrouble(
  coordinator: Coordinator,
  { limits, clients, signal }: RunPlace,
  times: () => { readonly ranMs: number; readonly stillMs: number },
): Promise<RunOutcome> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: () => void = () => undefined;
  const trouble = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    timer = setInterval(() => {
      const { ranMs, stillMs } = times();
      if (ranMs > 1000 * limits.secondsPerRun) reject(new Error(`the run took longer than ${limits.secondsPerRun / 60} min`));
      const { message } = coordinator.status();
      if (stillMs > 1000 * limits.secondsPerStep) {
        reject(new Error(`no step closed within ${limits.secondsPerStep / 60} min${message === null ? "" : ` (${message})`}`));
      }
      void clients.failure().then((sentence) => sentence !== null && reject(new Error(sentence)));
    }, lookEveryMs);
  });
  const done = coordinator.whenDone();
  done.catch(() => undefined);
  try {
    return await Promise.race([done, trouble]);
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** What programs other than this one and its children took of so many cores, as if they took of all cores alike. */
function foreignSeconds(numCores: number): number | null {
  const [busy, own] = [busySeconds(), processorSecondsOf([process.pid])];
  return busy === null || own === null ? null : ((busy - own) * numCores) / availableParallelism();
}

/** A client is loaded again a little after a step's tasks have left, so that it is at work. */
function reloadSome({ stage, round, step, attempt }: RoundPlan, proxy: FaultProxy, clients: Clients): void {
  for (let index = 0; index < clients.count; index++) {
    const name = `${stage} ${round}.${step}.${attempt} client ${index}`;
    if (!proxy.isReload(name)) continue;
    const delayMs = 500 * createRandom(round).stream({ purpose: name }).uniform();
    setTimeout(() => void clients.reload(index).catch(() => undefined), delayMs);
  }
}
