import { join } from "node:path";
import { needsCompute, publicTextsOf } from "@tutti/core";
import { findTask, numClassesOf, requireSameKind, requireTextTask } from "@tutti/data";
import { findEvaluatedRows, readShareSizes } from "@tutti/data/node";
import {
  type ClientChild,
  type Coordinator,
  noAnswerer,
  readBackboneSizes,
  requirePair,
  startClientChild,
  startCoordinator,
  tunedParameters,
  withWords,
} from "@tutti/server";
import { attackOrder } from "../attacks/attackOrder.ts";
import type { BackendChoice } from "../drive/clients.ts";
import { type FaultProxy, openFaultProxy } from "../drive/faultProxy.ts";
import type { RunOrder } from "../experiment/plannedRun.ts";
import { readStart } from "./readStart.ts";
import { type RunNotes, takeNotes } from "./runNotes.ts";
import type { DrivenRun, RunPlace } from "./runPlace.ts";
import { beforeTrouble } from "./trouble.ts";

/** What of a run decides how it goes; the rest names it in a record. */
export type DrivenOrder = Pick<RunOrder, "id" | "settings" | "faults" | "startFrom" | "attackPlan" | "noisePlan">;

/** Runs one federated run to its end, or goes on with it; rejects when it fails, and with the signal's reason when it is stopped. */
export async function driveRun(order: DrivenOrder, place: RunPlace): Promise<DrivenRun> {
  const startMs = performance.now();
  place.clients.warmUp(numClientsOf(order, place));
  const coordinator = await openCoordinator(order, place);
  const earlierSeconds = coordinator.steps().reduce((sum, { seconds }) => sum + seconds, 0);
  const over = new AbortController();
  let proxy: FaultProxy | null = null;
  let notes: RunNotes | null = null;
  let joining: Promise<unknown> = Promise.resolve();
  const computing = keepComputing(coordinator, order, place);
  try {
    proxy = await openProxy(order, place, coordinator);
    const noted = takeNotes(order.settings, place, { coordinator, proxy });
    notes = noted;
    await place.onListening(coordinator);
    joining = joinAll(order, {
      place,
      coordinator,
      url: proxy?.url ?? coordinator.url,
      firstBackend: noted.firstBackend,
      over: over.signal,
    });
    const ended = joining.then(() => coordinator.whenDone());
    const ranMs = () => performance.now() - startMs;
    const outcome = await beforeTrouble(ended, place, () => ({ ranMs: ranMs(), stillMs: noted.stillMs(), status: coordinator.status() }));
    return {
      outcome,
      origin: coordinator.origin,
      backend: noted.backend() ?? place.backend,
      totalSeconds: earlierSeconds + ranMs() / 1000,
      faults: order.faults === null || proxy === null ? null : { plan: order.faults, counts: proxy.counts() },
      ...noted.read(),
    };
  } finally {
    over.abort();
    notes?.stop();
    await coordinator.close();
    await computing.stop();
    await proxy?.close();
    await joining.catch(() => undefined); // a client that is still on its way must not arrive in the next run
  }
}

async function openCoordinator({ id, settings, startFrom, attackPlan }: DrivenOrder, place: RunPlace): Promise<Coordinator> {
  const { publicDir, pagesDir, folder, host, backend, threads, clients, numRemote, keepRoundsBytes, numAnswers } = place;
  const task = findTask(settings.task);
  const numClasses = numClassesOf(task);
  requirePair(publicDir, settings);
  const texts = publicTextsOf(settings);
  if (texts !== null) requireSameKind(requireTextTask(task, "strategy.distillText"), texts);
  const tuned = withWords(tunedParameters(settings, readBackboneSizes(publicDir, settings.backbone), numClasses), {
    publicDir,
    run: settings,
  });
  const options = {
    dataDir: folder,
    runId: id,
    pagesDir,
    publicDir,
    host,
    threads,
    run: settings,
    graceMs: 10_000,
    logLevel: "silent",
    expectedClients: Math.min(clients.count + numRemote, settings.numDevices),
    backend: backend === "auto" ? null : backend,
    ...(startFrom === undefined ? {} : { startFrom }),
    ...(keepRoundsBytes === undefined ? {} : { keepRoundsBytes }),
  } as const;
  // a coordinator that knows the sizes refuses who claims others (P-120), and the attack would not take place
  const shareSizes = attackPlan?.kind === "falseExamples" ? undefined : await readShareSizes(publicDir, settings);
  const answers = numAnswers === undefined || task.kind !== "reply" ? undefined : { numTexts: numAnswers, isStarted: true };
  const evaluatedRows = await findEvaluatedRows(options.publicDir, options.run);
  const start = (port: number) => startCoordinator({ ...options, port }, { tuned, shareSizes, evaluatedRows, readStart, answers });
  // another program may have taken the port since; then the tabs' storage is out of reach, and the states kept here serve
  return start(place.port).catch((error: unknown) => (place.port === 0 ? Promise.reject(error) : start(0)));
}

/** The run's own compute client: from the start where its strategy needs one, else once its report waits for answers. */
function keepComputing(coordinator: Coordinator, { settings }: DrivenOrder, place: RunPlace): { stop(): Promise<void> } {
  let child = needsCompute(settings) ? startCompute(coordinator, place) : null;
  const unsubscribe = coordinator.subscribe((event) => {
    if (event.kind === "status" && event.status.message === noAnswerer) child ??= startCompute(coordinator, place);
  });
  return {
    async stop() {
      unsubscribe();
      await child?.stop();
    },
  };
}

/** In a process like this one. */
function startCompute({ computeToken: token, url }: Coordinator, { computeCommand }: RunPlace): ClientChild | null {
  if (token === null) return null;
  const command = computeCommand ?? [...process.execArgv, process.argv[1] ?? "", "compute", "--quiet"];
  return startClientChild({
    name: "compute client",
    url,
    tokens: { TUTTI_COMPUTE_TOKEN: token },
    command,
    print: (line) => process.stderr.write(`${line}\n`),
  });
}

async function openProxy({ faults }: DrivenOrder, { host }: RunPlace, { port }: Coordinator): Promise<FaultProxy | null> {
  return faults === null ? null : openFaultProxy({ host, port: 0, targetPort: port, plan: faults });
}

/** A client more than there are devices would wait for ever. */
function numClientsOf({ settings }: Pick<DrivenOrder, "settings">, { clients, numRemote }: RunPlace): number {
  return Math.min(clients.count, Math.max(1, settings.numDevices - numRemote));
}

interface Joining {
  readonly place: RunPlace;
  readonly coordinator: Pick<Coordinator, "status" | "subscribe">;
  readonly url: string;
  readonly firstBackend: Promise<BackendChoice>;
  readonly over: AbortSignal;
}

/** Where the backend is still to be measured, the first client does so alone, and the others follow it. */
async function joinAll(order: DrivenOrder, { place, coordinator, url, firstBackend, over }: Joining): Promise<void> {
  const { id, settings, attackPlan, noisePlan } = order;
  const { clients, folder, threads, kernels, fleet = [] } = place;
  const joinOne = async (index: number, backend: BackendChoice) => {
    over.throwIfAborted();
    await clients.join(index, {
      url,
      runId: id,
      folder: join(folder, "clients"),
      backend,
      threads,
      kernels,
      machine: fleet[index % Math.max(1, fleet.length)],
      ...(attackPlan === undefined ? {} : { attack: attackOrder(attackPlan, settings) }),
      ...(noisePlan === undefined ? {} : { noise: { plan: noisePlan, seed: settings.seed } }),
    });
  };
  const count = numClientsOf({ settings }, place);
  await joinOne(0, place.backend);
  const backend = place.backend === "auto" ? await firstBackend : place.backend;
  if (fleet.length === 0) {
    await Promise.all(Array.from({ length: count - 1 }, (_, index) => joinOne(index + 1, backend)));
    return;
  }
  // devices are dealt in the order in which clients come, and device i is to have machine i
  for (let index = 1; index < count; index++) {
    await whenConnected(coordinator, index, over);
    await joinOne(index, backend);
  }
}

/** Resolves when this number of clients has said hello. */
function whenConnected({ status, subscribe }: Joining["coordinator"], count: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (status().numConnected < count) return;
      stop();
      resolve();
    };
    const stop = subscribe(look);
    over.addEventListener("abort", () => {
      stop();
      reject(over.reason);
    });
    look();
  });
}
