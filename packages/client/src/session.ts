import { deferred } from "@tutti/core";
import { datasetFolder, type Example } from "@tutti/data";
import type { BackendName, DeviceSource, KernelChoice, Trainer, TrainerSetup } from "@tutti/model";
import { availableThreads } from "@tutti/model/threads";
import { type Goodbye, type Handlers, type Hello, limits, protocolVersion, type Rule, refuse, type Welcome } from "@tutti/protocol";
import type { ManagerOptions, SocketOptions } from "socket.io-client";
import { coordinatorFolder } from "./address.ts";
import { createBlobs, type Fetch } from "./blobs.ts";
import { openConnection } from "./connection.ts";
import type { DeviceStore } from "./deviceStore.ts";
import { listVersions } from "./devices.ts";
import type { SessionEnd, SessionEvent, TrafficCount } from "./events.ts";
import { CannotTakePart } from "./loader.ts";
import { createRunPart, type RunPart } from "./runPart.ts";

/** Whose examples a client trains on: shares of the run's partition that the coordinator assigns, or its own. */
export type Hosting = { readonly kind: "virtual" } | { readonly kind: "own"; readonly examples: readonly Example[] };

export interface JoinOptions {
  /** The coordinator's address, or that of its page; it may have a path. */
  readonly url: string;
  /** 16 to 64 letters, digits, _ or -; the same client keeps the same key. */
  readonly clientKey: string;
  readonly trainer: Trainer;
  readonly store: DeviceStore;
  readonly hosting?: Hosting;
  readonly nickname?: string;
  /** What to compute on unless the coordinator forces it; `auto` measures. */
  readonly backend?: "auto" | BackendName;
  /** Where that choice comes from, for the sentence that says so; `client` by default. */
  readonly backendAskedBy?: "address" | "client";
  /** WASM threads unless the coordinator forces them; 0 for as many as there are cores. */
  readonly threads?: number;
  /** Folder of the WASM binaries, with a closing slash; needed in browsers. */
  readonly wasmPath?: string;
  /** `plain` turns the fast kernels off, for comparison. */
  readonly kernels?: KernelChoice;
  readonly onEvent?: (event: SessionEvent) => void;
  /** Ends the session at once, without a word to the coordinator: as a crash would. */
  readonly signal?: AbortSignal;
  readonly fetch?: Fetch;
  readonly socketOptions?: Partial<ManagerOptions & SocketOptions>;
}

/** A client's part in a run, from joining to the end. */
export interface ClientSession {
  /** Finishes what was begun, then rests until `resume`: the coordinator gives no further tasks (P-34). */
  pause(): void;
  resume(): void;
  /** Tells the coordinator, then ends; the devices' states stay in the store. */
  leave(): Promise<void>;
  /** Resolves once, when the session is over; never rejects. */
  readonly whenEnded: Promise<SessionEnd>;
}

/** Joins the coordinator's run and takes part until the session ends; connections come and go underneath. */
export function joinRun(options: JoinOptions): ClientSession {
  const session = new AbortController();
  const { signal } = session;
  const emit = options.onEvent ?? (() => undefined);
  const traffic = countTraffic(emit);
  const fetchBlob: Fetch = options.fetch ?? ((url, init) => fetch(url, init));
  const blobs = createBlobs({ folder: coordinatorFolder(options.url), fetch: fetchBlob, onReceived: traffic.received });
  const ended = deferred<SessionEnd>();
  let part: RunPart | null = null;
  let runId: string | null = null;
  let isPaused = false;
  let numGreetings = 0;
  /** Changes of who lives here that came while a hello was under way: the welcome that is on its way, or has just arrived, comes first. */
  let early: ((run: RunPart) => Promise<void>)[] = [];

  const fail = (error: unknown): void => end({ reason: "failed", message: sentenceOf(error) });
  emit({ kind: "connection", state: "connecting" });
  const connection = openConnection({
    url: options.url,
    socketOptions: options.socketOptions,
    handlers: handlers(),
    onConnected: begin,
    onLost() {
      part?.suspend();
      emit({ kind: "connection", state: "retrying" });
    },
    onRefused(name, rule, message) {
      if (rule !== "P-31") emit({ kind: "problem", message: notUnderstood(name, message) });
    },
    onFault: fail,
    signal,
  });

  function end(sessionEnd: SessionEnd): void {
    if (signal.aborted) return;
    session.abort();
    part?.stop();
    void options.trainer.stop().catch(() => undefined);
    emit({ kind: "ended", end: sessionEnd });
    ended.resolve(sessionEnd);
  }

  /** The part in the welcome's run; another run than before means a new start. */
  async function partOf(welcome: Welcome): Promise<RunPart> {
    if (part?.runId === welcome.runId) return part;
    if (part !== null) {
      part.stop();
      await options.trainer.stop();
    }
    const { store, trainer } = options;
    const coordinator = { ...connection, sayHelloAgain: connection.greetAgain };
    const sourceOf = (share: number) => sourceFor(options.hosting, share);
    const shared = { store, trainer, blobs, coordinator, emit, sourceOf, onSent: traffic.sent, onSaved: traffic.saved };
    part = createRunPart({ runId: welcome.runId, setup: trainerSetup(welcome, options), ...shared });
    return part;
  }

  async function enter(): Promise<void> {
    const isPresent = connection.present();
    runId ??= await askRunId(options.url, fetchBlob);
    const devices = runId === null ? [] : await listVersions(options.store, runId);
    if (!isPresent()) return;
    const entered = await greet(isPresent, devices);
    await entered?.whenReady;
  }

  /** Says hello and hands the welcome to the part of its run, then what was assigned meanwhile. */
  async function greet(isPresent: () => boolean, devices: Hello["devices"]): Promise<{ readonly whenReady: Promise<unknown> } | null> {
    numGreetings++;
    try {
      const answer = await connection.call("hello", helloOf(options, runId, devices));
      if (!answer.ok) return refused(answer.rule, answer.message);
      const welcome = answer.value;
      runId = welcome.runId;
      emit({ kind: "connection", state: "online" });
      emit({ kind: "welcome", welcome });
      if (isPaused) await connection.call("pause", { isPaused });
      const run = await partOf(welcome);
      if (!isPresent()) return null;
      return { whenReady: Promise.all([run.enter(welcome), ...early.splice(0).map((change) => change(run))]) };
    } finally {
      numGreetings--;
      if (numGreetings === 0) early = [];
    }
  }

  function refused(rule: Rule, message: string): null {
    if (rule === "P-1") end({ reason: "reload", message });
    else if (rule === "P-6") connection.greetAgain();
    else end({ reason: "failed", message: `The coordinator did not admit this tab (${rule}: ${message}).` });
    return null;
  }

  function begin(): void {
    const isPresent = connection.present();
    enter().catch((error: unknown) => {
      if (signal.aborted) return;
      if (error instanceof CannotTakePart) fail(error);
      // What failed because the connection is gone, which may be known a little later, is begun again by the next one.
      else connection.later(() => isPresent() && fail(error));
    });
  }

  function onGoodbye({ reason }: Goodbye): void {
    if (reason === "finished" || reason === "removed") {
      end({ reason });
      return;
    }
    if (reason === "newRun") runId = null;
    connection.reconnect();
  }

  function rehouse(change: (run: RunPart) => Promise<void>): Record<string, never> {
    if (numGreetings > 0) early.push(change);
    else if (part !== null) change(part).catch((error: unknown) => signal.aborted || fail(error));
    return {};
  }

  function handlers(): Handlers {
    return {
      task: (lease) => {
        if (part?.hosts(lease.deviceId) !== true) return refuse("P-31", `device ${lease.deviceId} is not hosted by this client`);
        part.queue.add(lease);
        return {};
      },
      assign: ({ devices }) => rehouse((run) => run.assign(devices)),
      moved: ({ deviceIds }) => rehouse((run) => run.moved(deviceIds)),
      status: (status) => {
        part?.queue.dropSuperseded(status);
        emit({ kind: "status", status });
        return {};
      },
      replaced: () => {
        part?.stop();
        afterAnswer(() => end({ reason: "replaced" }));
        return {};
      },
      goodbye: (goodbye) => {
        afterAnswer(() => onGoodbye(goodbye));
        return {};
      },
    };
  }

  function rest(paused: boolean): void {
    isPaused = paused;
    emit({ kind: "paused", isPaused });
    if (connection.isConnected()) void connection.call("pause", { isPaused }).catch(() => undefined);
  }

  if (options.signal?.aborted) end({ reason: "left" });
  options.signal?.addEventListener("abort", () => end({ reason: "left" }), { once: true });

  return {
    pause: () => rest(true),
    resume: () => rest(false),
    async leave() {
      if (connection.isConnected()) await connection.call("leave", {}).catch(() => undefined);
      end({ reason: "left" });
    },
    whenEnded: ended.promise,
  };
}

function notUnderstood(name: string, message: string): string {
  return `The coordinator sent a message that this page does not understand (${name}: ${message}). Reload the page.`;
}

function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof CannotTakePart ? message : `Something went wrong in this tab: ${message}`;
}

/** The acknowledgement goes first, then what ends the connection. */
function afterAnswer(act: () => void): void {
  setTimeout(act, 0);
}

function helloOf(options: JoinOptions, runId: string | null, devices: Hello["devices"]): Hello {
  const { clientKey, nickname, hosting, backend, threads } = options;
  return {
    protocolVersion,
    clientKey,
    ...(runId === null ? {} : { runId }),
    ...(nickname === undefined ? {} : { nickname }),
    ...(hosting?.kind === "own" ? { hosting: "own", ownExamples: hosting.examples.length } : { hosting: "virtual" }),
    devices,
    capabilities: {
      backend: backend ?? "auto",
      threads: Math.min(limits.maxThreads, availableThreads(threads ?? 0)),
      isSecureContext: globalThis.isSecureContext ?? true,
      userAgent: (globalThis.navigator?.userAgent ?? "Node").slice(0, limits.maxUserAgent),
    },
  };
}

function trainerSetup(welcome: Welcome, options: JoinOptions): TrainerSetup {
  const { url, backend, backendAskedBy = "client", threads, wasmPath, kernels } = options;
  const folder = coordinatorFolder(url);
  return {
    run: welcome.run,
    manifestUrl: new URL(welcome.urls.backbone, folder).href,
    datasetUrl: new URL(`${datasetFolder(welcome.run.task)}/`, new URL(welcome.urls.dataset, folder)).href,
    backend: welcome.backend ?? backend ?? "auto",
    askedBy: welcome.backend === undefined ? backendAskedBy : "run",
    threads: welcome.threads ?? threads ?? 0,
    ...(wasmPath === undefined ? {} : { wasmPath }),
    ...(kernels === undefined ? {} : { kernels }),
  };
}

function sourceFor(hosting: Hosting | undefined, share: number): DeviceSource {
  return hosting?.kind === "own" ? hosting : { kind: "share", index: share };
}

/** The run that the coordinator holds, asked before hello so that hello can list that run's devices; null when it does not say. */
async function askRunId(url: string, fetchJson: Fetch): Promise<string | null> {
  try {
    const answer: unknown = await (await fetchJson(new URL("run.json", coordinatorFolder(url)).href)).json();
    return typeof answer === "object" && answer !== null && "runId" in answer && typeof answer.runId === "string" ? answer.runId : null;
  } catch {
    return null;
  }
}

function countTraffic(emit: (event: SessionEvent) => void) {
  const total: Record<keyof TrafficCount, number> = { sentBytes: 0, receivedBytes: 0, savedBytes: 0 };
  const count =
    (name: keyof TrafficCount) =>
    (numBytes: number): void => {
      total[name] += numBytes;
      emit({ kind: "traffic", traffic: { ...total, savedBytes: Math.max(0, total.savedBytes) } });
    };
  return { sent: count("sentBytes"), received: count("receivedBytes"), saved: count("savedBytes") };
}
