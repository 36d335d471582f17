import type { Params } from "@tutti/core";
import {
  type Answer,
  type Assign,
  type BlobRef,
  call,
  type DeviceStateParts,
  decodeDeviceState,
  decodeParams,
  encodeDeviceState,
  encodeParams,
  type Goodbye,
  type Handlers,
  headerOf,
  type Outcome,
  protocolVersion,
  type Request,
  refuse,
  type Status,
  type Submit,
  serve,
  type TaskLease,
} from "@tutti/protocol";
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { simulate, simulatedExamples } from "./simulatedDevice.ts";

/** A device of a protocol-level client, as its store would keep it. */
export interface KeptDevice {
  version: string | null;
  state: DeviceStateParts | null;
  pending: { readonly submit: Submit; readonly state: DeviceStateParts | null } | null;
}

/** What a protocol-level client keeps over reconnects and restarts. */
export interface KeptClient {
  readonly key: string;
  runId: string | null;
  readonly devices: Map<number, KeptDevice>;
}

/** What has happened to a client, in order. */
export type ClientEvent =
  | { readonly kind: "connected" }
  | { readonly kind: "disconnected"; readonly reason: string }
  | { readonly kind: "welcome"; readonly welcome: Answer<"hello"> }
  | { readonly kind: "refused"; readonly rule: string; readonly message: string }
  | { readonly kind: "registered"; readonly deviceIds: readonly number[]; readonly outcome: Outcome<Answer<"register">> }
  | { readonly kind: "task"; readonly lease: TaskLease }
  | { readonly kind: "submitted"; readonly lease: TaskLease; readonly outcome: Outcome<Answer<"submit">> }
  | { readonly kind: "assign"; readonly devices: Assign["devices"] }
  | { readonly kind: "moved"; readonly deviceIds: readonly number[] }
  | { readonly kind: "replaced" }
  | { readonly kind: "goodbye"; readonly goodbye: Goodbye }
  | { readonly kind: "status"; readonly status: Status };

export interface ProtocolClientOptions {
  readonly url: string;
  readonly kept?: KeptClient;
  readonly hosting?: "virtual" | "own";
  readonly nickname?: string;
  /** What to do with a task once it was acknowledged; the default computes and submits it. Return false for silence. */
  readonly onTask?: (lease: TaskLease) => boolean | Promise<boolean>;
  /** Waited for before devices are registered, as if they were loading; return false for one that hangs. */
  readonly onLoad?: (deviceIds: readonly number[]) => Promise<boolean>;
  readonly socketOptions?: Partial<ManagerOptions & SocketOptions>;
}

/** A client that speaks the protocol and simulates its devices: for tests of a coordinator. */
export interface ProtocolClient {
  readonly kept: KeptClient;
  readonly socket: Socket;
  readonly events: readonly ClientEvent[];
  /** Resolves with the first event, past or future, that fits. */
  when<K extends ClientEvent["kind"]>(kind: K, fits?: (event: ClientEvent & { kind: K }) => boolean): Promise<ClientEvent & { kind: K }>;
  call<N extends "hello" | "loading" | "register" | "submit" | "pause" | "leave" | "decline" | "progress">(
    name: N,
    request: Request<N>,
  ): Promise<Outcome<Answer<N>>>;
  /** Computes a task and submits it. */
  work(lease: TaskLease): Promise<void>;
  /** The submission of a task, without sending it. */
  prepare(lease: TaskLease): Promise<Submit>;
  close(): void;
}

/** A client that has never joined. */
export function newClient(name: string): KeptClient {
  return { key: `client-${name}`.padEnd(16, "-"), runId: null, devices: new Map() };
}

/** Connects, says hello, registers its devices and works until it is closed. */
export function joinAsClient(options: ProtocolClientOptions): ProtocolClient {
  const { url, kept = newClient("0"), hosting = "virtual" } = options;
  const socket = io(url, {
    forceNew: true,
    transports: ["websocket"],
    reconnectionDelay: 20,
    reconnectionDelayMax: 100,
    ...options.socketOptions,
  });
  const events: ClientEvent[] = [];
  const waiting = new Set<() => void>();
  const inWork = new Set<string>();
  let welcome: Answer<"hello"> | null = null;

  function note(event: ClientEvent): void {
    events.push(event);
    for (const check of [...waiting]) check();
  }

  const device = (id: number): KeptDevice => {
    const found = kept.devices.get(id) ?? { version: null, state: null, pending: null };
    kept.devices.set(id, found);
    return found;
  };

  async function blob(ref: BlobRef): Promise<Uint8Array> {
    const response = await fetch(new URL(`/blobs/${ref.sha256}`, url));
    if (!response.ok) throw new Error(`blob ${ref.sha256}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  const cache = new Map<string, Promise<Params>>();
  function params(ref: BlobRef): Promise<Params> {
    const known = cache.get(ref.sha256) ?? blob(ref).then((bytes) => decodeParams(bytes));
    cache.set(ref.sha256, known);
    known.catch(() => cache.delete(ref.sha256));
    return known;
  }

  async function apply(decisions: Answer<"hello">["devices"]): Promise<void> {
    for (const { deviceId, decision, state, version } of decisions) {
      const kept = device(deviceId);
      if (state !== undefined) {
        Object.assign(kept, { version: version ?? null, state: decodeDeviceState(await blob(state)), pending: null });
      } else if (decision === "promote" && kept.pending !== null) {
        Object.assign(kept, { version: kept.pending.submit.taskId, state: kept.pending.state, pending: null });
      } else if (decision === "drop") kept.pending = null;
      else if (decision === "new" || decision === "reset") Object.assign(kept, { version: null, state: null, pending: null });
    }
  }

  async function register(ids: readonly number[]): Promise<void> {
    if (options.onLoad !== undefined && !(await options.onLoad(ids))) return;
    const here = ids.filter((deviceId) => kept.devices.has(deviceId));
    const outcome = await call(socket, "register", {
      devices: here.map((deviceId) => ({ deviceId, numExamples: simulatedExamples(deviceId) })),
    });
    note({ kind: "registered", deviceIds: here, outcome });
  }

  async function hello(): Promise<void> {
    const devices = [...kept.devices].map(([deviceId, { version, pending }]) => ({
      deviceId,
      version,
      pending: pending?.submit.taskId ?? null,
    }));
    const outcome = await call(socket, "hello", {
      protocolVersion,
      clientKey: kept.key,
      ...(kept.runId === null ? {} : { runId: kept.runId }),
      ...(options.nickname === undefined ? {} : { nickname: options.nickname }),
      hosting,
      ...(hosting === "own" ? { ownExamples: 9 } : {}),
      devices,
      capabilities: { backend: "auto", threads: 1, isSecureContext: true, userAgent: "test" },
    });
    if (!outcome.ok) return note({ kind: "refused", rule: outcome.rule, message: outcome.message });
    welcome = outcome.value;
    kept.runId = outcome.value.runId;
    for (const id of [...kept.devices.keys()]) if (!outcome.value.devices.some((known) => known.deviceId === id)) kept.devices.delete(id);
    await apply(outcome.value.devices);
    note({ kind: "welcome", welcome: outcome.value });
    await register(outcome.value.devices.map((known) => known.deviceId));
  }

  async function prepare(lease: TaskLease): Promise<Submit> {
    if (welcome === null) throw new Error("a task came before the welcome");
    const here = device(lease.deviceId);
    if (here.pending?.submit.taskId === lease.taskId) return here.pending.submit;
    const entries = Object.entries(lease.parameterSets).map(async ([name, ref]) => [name, await params(ref)] as const);
    const { body, state } = simulate(welcome.run, lease, Object.fromEntries(await Promise.all(entries)), here.state);
    const tensors = body.kind === "train" ? { tensors: encodeParams(body.delta, lease.expects.encoding) } : {};
    const carried = welcome.keepsStates && body.kind === "train" && state !== null ? { state: encodeDeviceState(state) } : {};
    const submit: Submit = { taskId: lease.taskId, deviceId: lease.deviceId, header: headerOf(body), ...tensors, ...carried };
    here.pending = { submit, state };
    return submit;
  }

  async function work(lease: TaskLease): Promise<void> {
    const submit = await prepare(lease);
    const outcome = await call(socket, "submit", submit);
    const here = device(lease.deviceId);
    if (here.pending?.submit.taskId === lease.taskId) {
      if (outcome.ok && outcome.value.outcome !== "late")
        Object.assign(here, { version: lease.taskId, state: here.pending.state, pending: null });
      else if (outcome.ok || outcome.rule !== "P-6") here.pending = null;
    }
    note({ kind: "submitted", lease, outcome });
  }

  async function receive(lease: TaskLease): Promise<void> {
    if (inWork.has(lease.taskId)) return;
    inWork.add(lease.taskId);
    note({ kind: "task", lease });
    try {
      if (options.onTask === undefined || (await options.onTask(lease))) await work(lease);
    } catch (error) {
      // A blob that is gone belongs to a step that is over; a connection that is gone comes back.
      if (!(error instanceof Error)) throw error;
    } finally {
      inWork.delete(lease.taskId);
    }
  }

  const handlers: Handlers = {
    task(lease) {
      if (!kept.devices.has(lease.deviceId)) return refuse("P-31", `device ${lease.deviceId} is not hosted by this client`);
      void receive(lease);
      return {};
    },
    async assign({ devices }) {
      await apply(devices);
      note({ kind: "assign", devices });
      void register(devices.map((known) => known.deviceId));
      return {};
    },
    moved({ deviceIds }) {
      for (const deviceId of deviceIds) kept.devices.delete(deviceId);
      note({ kind: "moved", deviceIds });
      return {};
    },
    replaced() {
      note({ kind: "replaced" });
      return {};
    },
    goodbye(goodbye) {
      note({ kind: "goodbye", goodbye });
      return {};
    },
    status(status) {
      note({ kind: "status", status });
      return {};
    },
  };
  serve(socket, handlers, {
    onFault(_name, error) {
      throw error;
    },
  });
  socket.on("connect", () => {
    note({ kind: "connected" });
    void hello();
  });
  socket.on("disconnect", (reason) => note({ kind: "disconnected", reason }));

  return {
    kept,
    socket,
    events,
    when(kind, fits = () => true) {
      return new Promise((resolve) => {
        const check = () => {
          const found = events.find(
            (event): event is ClientEvent & { kind: typeof kind } =>
              event.kind === kind && fits(event as ClientEvent & { kind: typeof kind }),
          );
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      });
    },
    call: (name, request) => call(socket, name, request),
    work,
    prepare,
    close() {
      socket.disconnect();
    },
  };
}
