import { type ReadonlySignal, signal } from "@preact/signals";
import { type ClientSession, type DeviceStore, memoryStore, tokenIn } from "@tutti/client";
import type { Example } from "@tutti/data";
import { workerTrainer } from "@tutti/model/bridge";
import { availableThreads } from "@tutti/model/threads";
import { rememberRun } from "../storage/cameBack.ts";
import { type ClaimedKey, claimClientKey, newClientKey } from "../storage/clientKey.ts";
import { openDatabase } from "../storage/database.ts";
import { indexedDbStore } from "../storage/indexedDbStore.ts";
import { type BackendMemory, type BackendMemoryOptions, backendMemory } from "../storage/rememberedBackend.ts";
import { type PersistentTrainer, persistentTrainer, type Workshop } from "../training/persistentTrainer.ts";
import { startThreads } from "../training/threads.ts";
import workerScript from "../training/worker.ts?worker&url";
import { words } from "../words/words.ts";
import { type DataSource, hostingOf } from "./dataSource.ts";
import { machineProfile } from "./machineProfile.ts";
import { markTitle, openTabChannel, takePart } from "./otherTabs.ts";
import { pageFolder } from "./pageFolder.ts";
import type { PageParams } from "./queryParams.ts";
import { type RememberedJoin, rememberJoin } from "./rejoin.ts";
import { headline, notKeptNotice } from "./text.ts";
import { emptyView, nextView, type PageEvent, pageStateOf, type View } from "./view.ts";
import { createWakeLock } from "./wakeLock.ts";

/** What the page can do. */
export interface JoinController {
  readonly view: ReadonlySignal<View>;
  /** `before` is what the tab remembers of how it took part until it was reloaded. */
  join(source: DataSource, before?: RememberedJoin | null): void;
  /** What lets this tab in, where its address does not carry it. */
  bring(token: string): void;
  pause(): void;
  resume(): void;
  leave(): void;
  /** Leaves for good: what the server and this browser keep of the tab's devices is deleted. */
  leaveAndDelete(): void;
}

/** What else the page can do before it joins. */
export interface LandingController extends JoinController {
  /** What this browser measured on earlier visits. */
  readonly memory: Pick<BackendMemory, "look">;
  /** Loads what computes before it is asked to, for somebody who comes back. */
  prepare(): void;
  /** Other examples of the volunteer's own, for the tasks from the next plan on. */
  changeExamples(examples: readonly Example[]): void;
  /** The volunteer's name in the run, for the next join. */
  name(nickname: string): void;
}

interface Kept {
  readonly store: DeviceStore;
  readonly key: ClaimedKey;
  /** Why nothing is kept through a reload; null where it is. */
  readonly whyNotKept: unknown;
}

/** Events that come many times a second are shown together, so that drawing never keeps the page busy. */
const frequent: readonly PageEvent["kind"][] = ["step", "loading", "traffic", "status"];
const showEveryMs = 500;

/** Socket and messages, which nobody needs who only reads the page. */
const loadSession = () => import("./session.ts");

/** Holds the socket, the store and the training worker, and turns what happens into a view. */
export function createJoinController(params: PageParams): LandingController {
  const view = signal<View>(emptyView);
  const keepAwake = createWakeLock();
  const memory = backendMemory(hereAndNow);
  let token = tokenIn(location.href);
  let { nickname } = params;
  let session: ClientSession | null = null;
  let latest = emptyView;
  let shownLater: ReturnType<typeof setTimeout> | null = null;

  function show(): void {
    if (shownLater !== null) clearTimeout(shownLater);
    shownLater = null;
    view.value = latest;
    const state = pageStateOf(latest);
    document.documentElement.dataset.state = state;
    document.title = `${headline(state, latest)} · Tutti`;
    keepAwake(state === "training" || state === "waiting" || state === "loading");
  }

  function onEvent(event: PageEvent): void {
    latest = nextView(latest, event, performance.now());
    if (event.kind === "ready" && latest.welcome !== null) rememberRun(pageFolder(), { runId: latest.welcome.runId, script: workerScript });
    if (!frequent.includes(event.kind)) show();
    else shownLater ??= setTimeout(show, showEveryMs);
  }

  let prepared: PersistentTrainer | null = null;

  /** The worker's script and the session's come at the same time. */
  function prepare(): PersistentTrainer {
    const onNotice = (message: string): void => onEvent({ kind: "notice", message });
    const open = (numThreads: number) => openWorkshop(numThreads, onNotice);
    prepared ??= persistentTrainer({ open, availableThreads, after, onNotice, memory });
    prepared.prepare(params.threads);
    void loadSession().catch(() => undefined); // who joins is told
    return prepared;
  }

  async function begin(source: DataSource, before: RememberedJoin | null): Promise<void> {
    const onNotice = (message: string): void => onEvent({ kind: "notice", message });
    const trainer = prepare();
    prepared = null;
    const presence = takePart(openTabChannel(pageFolder()), markTitle);
    const { joinRun } = await loadSession();
    const { store, key, whyNotKept } = await keepingPlace(slotOf(params.tab, source));
    const isKept = whyNotKept === null;
    latest = { ...latest, isKept };
    if (!isKept) onNotice(notKeptNotice(whyNotKept, before !== null));
    session = joinRun({
      url: pageFolder(),
      ...(token === null ? {} : { token }),
      clientKey: key.clientKey,
      trainer,
      store,
      hosting: hostingOf(source),
      backend: params.backend,
      backendAskedBy: "address",
      threads: params.threads,
      kernels: params.kernels,
      ...(params.machine === null ? { profile: machineProfile } : { simulated: params.machine }),
      wasmPath: new URL("wasm/", pageFolder()).href,
      ...(nickname === "" ? {} : { nickname }),
      onEvent,
    });
    rememberJoin(pageFolder(), { source: source.kind, isKept });
    const { reason } = await session.whenEnded;
    if (reason !== "reload") rememberJoin(pageFolder(), null);
    key.release();
    presence.close();
    trainer.close();
  }

  return {
    view,
    changeExamples: (examples) => ignoring(session?.changeExamples(examples)),
    memory,
    prepare: () => void prepare(),
    name(given) {
      nickname = given;
    },
    join(source, before = null) {
      latest = { ...emptyView, hasJoined: true, hasOwn: source.kind === "own" };
      onEvent({ kind: "connection", state: "connecting" });
      begin(source, before).catch((error: unknown) => onEvent({ kind: "ended", end: { reason: "failed", message: messageOf(error) } }));
    },
    bring(given) {
      token = given;
      location.replace(`#${new URLSearchParams({ token: given })}`); // a reload finds it in the address
    },
    pause: () => session?.pause(),
    resume: () => session?.resume(),
    leave: () => void session?.leave(),
    leaveAndDelete: () => void session?.leaveAndDelete(),
  };
}

/**
 * A place belongs to the coordinator's path, several may share a host, and to its examples: the same ones find their device again, others
 * are another device. Their fingerprint stays here.
 */
function slotOf(tab: string, source: DataSource): string {
  const { pathname } = new URL(pageFolder());
  const place = pathname === "/" ? tab : `${pathname}${tab}`;
  return source.kind === "share" ? place : `${place}/${source.identity}`;
}

async function keepingPlace(slot: string): Promise<Kept> {
  try {
    const database = await openDatabase();
    const key = await claimClientKey(database, slot);
    return { store: indexedDbStore(database, key.clientKey), key, whyNotKept: null };
  } catch (error) {
    return {
      store: memoryStore(),
      key: { clientKey: newClientKey(), release: () => undefined },
      whyNotKept: storageRefusal() ?? error ?? words.notices.unknownReason,
    };
  }
}

/** The error that a browser gives whose settings forbid this site to store anything; not every one gives it for a database. */
function storageRefusal(): unknown {
  try {
    return window.sessionStorage === null ? words.notices.noStorage : null;
  } catch (error) {
    return error;
  }
}

/** Whether this browser has loaded the worker of this version of the page. */
export const isWorkerOf = (script: string | undefined): boolean => script === workerScript;

/** The built worker's name holds a hash of everything that computes. */
const hereAndNow: BackendMemoryOptions = {
  storage: () => localStorage,
  version: workerScript,
  userAgent: navigator.userAgent,
  now: Date.now,
};

function openWorkshop(numThreads: number, onNotice: (sentence: string) => void): Workshop {
  const worker = new Worker(workerScript, { type: "module" });
  const trainer = workerTrainer(worker, onNotice);
  worker.addEventListener("error", (event) =>
    trainer.fail(new Error(`the training worker stopped: ${event.message || "it could not be loaded"}`)),
  );
  const threads = startThreads(numThreads - 1, trainer.fail);
  if (numThreads > 1) worker.postMessage({ id: 0, method: "threads" }, [...threads.ports]);
  const close = (): void => {
    worker.terminate();
    threads.close();
  };
  return { trainer, close };
}

function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}

/** Who trains a share, or has no example left, changes nothing. */
function ignoring(changing: Promise<void> | undefined): void {
  changing?.catch(() => undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
