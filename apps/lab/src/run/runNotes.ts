import { availableParallelism } from "node:os";
import { createRandom, deferred, type Params, type RoundPlan, type RunSettings } from "@tutti/core";
import type { BackendName } from "@tutti/model";
import type { Coordinator } from "@tutti/server";
import type { BackendChoice, Clients } from "../drive/clients.ts";
import type { FaultProxy } from "../drive/faultProxy.ts";
import { busySeconds, processorSecondsOf } from "../drive/processorTime.ts";
import { createUsageMeter } from "../drive/usage.ts";
import { scoresLayers } from "./besideRun.ts";
import { isGlobalEvaluation, newcomerParams } from "./finalParams.ts";
import type { DrivenRun, RunPlace } from "./runPlace.ts";

/** What is noted of a run while it goes on. */
export interface RunNotes {
  /** Of the first client that said so; null before. */
  backend(): BackendName | null;
  /** The same when it is known and the place was told; `auto` where the run is over before. Rejects when the run fails before. */
  readonly firstBackend: Promise<BackendChoice>;
  /** Since the last step closed, or since the notes began. */
  stillMs(): number;
  read(): Pick<DrivenRun, "usage" | "lastEvaluation" | "newcomers">;
  /** Follows no more, and loads no client again that was about to be. */
  stop(): void;
}

/**
 * Follows a coordinator's events: notes what a result is made of, hands them to the place, and loads clients again where a plan of faults says so.
 */
export function takeNotes(
  settings: RunSettings,
  place: RunPlace,
  { coordinator, proxy }: { readonly coordinator: Coordinator; readonly proxy: FaultProxy | null },
): RunNotes {
  const meter = meterOf(place);
  const told = deferred<BackendChoice>();
  const newcomers = new Map<number, Params>();
  const reloads = new Set<NodeJS.Timeout>();
  let lastEvaluation: RoundPlan | null = null;
  let lastStepMs = performance.now();
  let backend: BackendName | null = null;

  function noteBackend(): void {
    if (backend !== null) return;
    backend = backendOf(coordinator);
    if (backend === null) return;
    const known = backend;
    Promise.resolve(place.onBackend(known)).then(() => told.resolve(known), told.reject);
  }

  function notePlan(plan: RoundPlan): void {
    if (proxy !== null) for (const timer of reloadSome(plan, proxy, place.clients)) reloads.add(timer);
    if (!isGlobalEvaluation(plan)) return;
    lastEvaluation = plan;
    if (scoresLayers(settings)) newcomers.set(plan.round, newcomerParams(plan));
  }

  const unsubscribe = coordinator.subscribe((event) => {
    meter.on(event);
    noteBackend();
    if (event.kind === "planned") notePlan(event.plan);
    if (event.kind === "closed") lastStepMs = performance.now();
    place.onEvent(event, coordinator);
  });
  coordinator.whenDone().then(() => told.resolve("auto"), told.reject);
  told.promise.catch(() => undefined); // nobody waits for it where the backend is given
  return {
    backend: () => backend,
    firstBackend: told.promise,
    stillMs: () => performance.now() - lastStepMs,
    read: () => ({ usage: meter.usage(), lastEvaluation, newcomers }),
    stop() {
      unsubscribe();
      told.reject(new Error("the run is over"));
      for (const timer of reloads) clearTimeout(timer);
    },
  };
}

const isBackend = (name: string | null): name is BackendName => ["webgpu", "wasm", "cpu"].includes(name ?? "");

/** What the first client that said so computes on. */
function backendOf(coordinator: Pick<Coordinator, "clients">): BackendName | null {
  return (
    coordinator
      .clients()
      .map(({ backend }) => backend)
      .find(isBackend) ?? null
  );
}

function meterOf({ clients, numCores }: RunPlace) {
  return createUsageMeter({
    nowSeconds: () => performance.now() / 1000,
    processorSeconds: () => clients.processorSeconds(),
    foreignSeconds: () => foreignSeconds(numCores),
    numCores,
  });
}

/** What programs other than this one and its children took of this number of cores, as if they took of all cores alike. */
function foreignSeconds(numCores: number): number | null {
  const [busy, own] = [busySeconds(), processorSecondsOf([process.pid])];
  return busy === null || own === null ? null : ((busy - own) * numCores) / availableParallelism();
}

/** A client is loaded again a little after a step's tasks have left, so that it is at work. */
function reloadSome({ stage, round, step, attempt }: RoundPlan, proxy: FaultProxy, clients: Clients): NodeJS.Timeout[] {
  return Array.from({ length: clients.count }, (_, index) => index).flatMap((index) => {
    const name = `${stage} ${round}.${step}.${attempt} client ${index}`;
    if (!proxy.isReload(name)) return [];
    const delayMs = 500 * createRandom(round).stream({ purpose: name }).uniform();
    return [setTimeout(() => void clients.reload(index).catch(() => undefined), delayMs)];
  });
}
