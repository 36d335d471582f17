import type { ClientSession } from "@tutti/client";
import { hasLittleMemory } from "@tutti/model/bridge";
import { availableThreads } from "@tutti/model/threads";
import type { ClaimedKey } from "../storage/clientKey.ts";
import type { BackendMemory } from "../storage/rememberedBackend.ts";
import { healingTrainer } from "../training/healingTrainer.ts";
import { type PersistentTrainer, persistentTrainer } from "../training/persistentTrainer.ts";
import { after, openWorkshop } from "../training/workshop.ts";
import { type DataSource, hostingOf } from "./dataSource.ts";
import type { Healing } from "./healing.ts";
import type { Lending } from "./lending.ts";
import { machineProfile } from "./machineProfile.ts";
import { pageFolder } from "./pageFolder.ts";
import { keepingPlace, slotOf } from "./place.ts";
import type { PageParams } from "./queryParams.ts";
import { notKeptNotice } from "./text.ts";
import type { PageEvent } from "./view.ts";

/** Socket and messages, which nobody needs who only reads the page. */
const loadSession = () => import("./session.ts");

/** The training worker, and the script of the session, which load at the same time. */
export type PreparedWorker = PersistentTrainer;

/** What a worker needs of the page. */
export interface WorkerPorts {
  /** Asked for by the address; 0 for all. */
  readonly numThreads: number;
  readonly memory: BackendMemory;
  onEvent(event: PageEvent): void;
}

/** Loads what computes, before it is known what to start. */
export function prepareWorker({ numThreads, memory, onEvent }: WorkerPorts): PreparedWorker {
  const onNotice = (message: string): void => onEvent({ kind: "notice", message });
  const onBusy = busySince(onEvent);
  const open = (threads: number) => openWorkshop(threads, { onNotice, onBusy: onBusy() });
  const worker = persistentTrainer({ open, availableThreads, after, onNotice, memory, hasLittleMemory: hasLittleMemory(navigator) });
  worker.prepare(numThreads);
  void loadSession().catch(() => undefined); // who joins is told
  return worker;
}

/** What joining needs of the page. */
export interface SessionPorts {
  readonly params: PageParams;
  readonly token: string | null;
  readonly worker: PreparedWorker;
  readonly memory: BackendMemory;
  readonly lending: Pick<Lending, "reason">;
  readonly healing: Healing;
  /** Whether no backward pass fits this device. */
  readonly isForwardOnly: boolean;
  /** Whether the tab took part until it was reloaded. */
  readonly wasReloaded: boolean;
  onEvent(event: PageEvent): void;
  /** How the worker is told how much of the time it may compute, from before it is opened. */
  onPace(pace: (share: number) => void): void;
}

/** A tab's part in a run. */
export interface OpenedSession {
  readonly session: ClientSession;
  readonly isKept: boolean;
  /** Gives back the tab's place and its worker. */
  close(): void;
}

/** Opens storage, and joins. */
export async function openSession(source: DataSource, ports: SessionPorts): Promise<OpenedSession> {
  const { params, worker, memory, onEvent, healing } = ports;
  const onNotice = (message: string): void => onEvent({ kind: "notice", message });
  const onRestarted = healing.restarted((ready) => onEvent({ kind: "restarted", ready }));
  ports.onPace(worker.pace);
  const { joinRun } = await loadSession();
  const { store, key, whyNotKept } = await keepingPlace(slotOf(params.tab, source));
  if (whyNotKept !== null) onNotice(notKeptNotice(whyNotKept, ports.wasReloaded));
  const trainer = healingTrainer(worker, { onRestarted, forgetBackend: memory.forget });
  const session = joinRun({
    ...optionsOf(params, ports.token),
    isForwardOnly: params.isForwardOnly || ports.isForwardOnly,
    clientKey: key.clientKey,
    trainer,
    store,
    hosting: hostingOf(source),
    isPaused: ports.lending.reason() !== null,
    onEvent,
  });
  return { session, isKept: whyNotKept === null, close: () => closeAll(key, worker.close) };
}

/** What the page's address says. */
function optionsOf({ backend, threads, kernels, machine, nickname }: PageParams, token: string | null) {
  return {
    url: pageFolder(),
    ...(token === null ? {} : { token }),
    backend,
    backendAskedBy: "address",
    threads,
    kernels,
    ...(machine === null ? { profile: machineProfile } : { simulated: machine }),
    wasmPath: new URL("wasm/", pageFolder()).href,
    ...(nickname === "" ? {} : { nickname }),
  } as const;
}

function closeAll(key: ClaimedKey, closeWorker: () => void): void {
  key.release();
  closeWorker();
}

/** Workers say how long they have computed since they began; the page adds up what each adds. */
function busySince(onEvent: (event: PageEvent) => void): () => (seconds: number) => void {
  return () => {
    let known = 0;
    return (seconds) => {
      onEvent({ kind: "computed", seconds: seconds - known });
      known = seconds;
    };
  };
}
