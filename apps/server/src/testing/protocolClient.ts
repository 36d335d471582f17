import type { ClientProfile, Params } from "@tutti/core";
import {
  type Answer,
  type Assign,
  type BlobRef,
  call,
  decodeParams,
  encodeDeviceState,
  encodeParams,
  type Goodbye,
  type Handlers,
  headerOf,
  type Outcome,
  type RefusalKind,
  type Request,
  refuse,
  type Status,
  type Submit,
  serve,
  type TaskLease,
} from "@tutti/protocol";
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { createEventLog, type EventLog } from "./eventLog.ts";
import { applyDecisions, type KeptClient, keptDevice, newClient, provenHello } from "./keptClient.ts";
import { simulate, simulatedExamples } from "./simulatedDevice.ts";

/** What has happened to a client, in order. */
export type ClientEvent =
  | { readonly kind: "connected" }
  | { readonly kind: "disconnected"; readonly reason: string }
  | { readonly kind: "welcome"; readonly welcome: Answer<"hello"> }
  | { readonly kind: "refused"; readonly rule: string; readonly message: string; readonly why?: RefusalKind | undefined }
  | { readonly kind: "registered"; readonly deviceIds: readonly number[]; readonly outcome: Outcome<Answer<"register">> }
  | { readonly kind: "task"; readonly lease: TaskLease }
  | { readonly kind: "submitted"; readonly lease: TaskLease; readonly outcome: Outcome<Answer<"submit">> }
  | { readonly kind: "assign"; readonly devices: Assign["devices"] }
  | { readonly kind: "moved"; readonly deviceIds: readonly number[] }
  | { readonly kind: "replaced" }
  | { readonly kind: "goodbye"; readonly goodbye: Goodbye }
  | { readonly kind: "status"; readonly status: Status };

/** Which coordinator a client joins, as whom, and what it does with its tasks. */
export interface ProtocolClientOptions {
  readonly url: string;
  readonly kept?: KeptClient;
  readonly hosting?: "virtual" | "own" | "compute";
  /** A code word or an invitation; of a compute client its own. */
  readonly token?: string;
  readonly nickname?: string;
  /** Of a host that the operator trusts with states. */
  readonly hostToken?: string;
  readonly helperToken?: string;
  /** What it claims that a device holds; the simulated number by default. */
  readonly claims?: (deviceId: number) => number;
  /** What it claims of its machine, in runs that plan. */
  readonly machine?: ClientProfile;
  /** Whether a backward pass does not fit it. */
  readonly isForwardOnly?: true;
  /** What to do with a task once it was acknowledged; the default computes and submits it. Return false for silence. */
  readonly onTask?: (lease: TaskLease) => boolean | Promise<boolean>;
  /** Waited for before devices are registered, as if they were loading; return false for one that hangs. */
  readonly onLoad?: (deviceIds: readonly number[]) => Promise<boolean>;
  readonly socketOptions?: Partial<ManagerOptions & SocketOptions>;
  /** What its hello says of who it is, in place of its own key and proof. */
  readonly hello?: (socket: Socket) => ReturnType<typeof provenHello>;
}

/** A client that speaks the protocol and simulates its devices: for tests of a coordinator. */
export interface ProtocolClient {
  readonly kept: KeptClient;
  readonly socket: Socket;
  readonly events: readonly ClientEvent[];
  /** Resolves with the first event, past or future, that fits. */
  when<K extends ClientEvent["kind"]>(kind: K, fits?: (event: ClientEvent & { kind: K }) => boolean): Promise<ClientEvent & { kind: K }>;
  call<
    N extends
      | "hello"
      | "loading"
      | "register"
      | "submit"
      | "pause"
      | "leave"
      | "decline"
      | "declineState"
      | "progress"
      | "withdraw"
      | "receipt",
  >(name: N, request: Request<N>): Promise<Outcome<Answer<N>>>;
  /** Computes a task and submits it. */
  work(lease: TaskLease): Promise<void>;
  /** The submission of a task, without sending it. */
  prepare(lease: TaskLease): Promise<Submit>;
  close(): void;
}

/** Connects, says hello, registers its devices and works until it is closed. */
export function joinAsClient(options: ProtocolClientOptions): ProtocolClient {
  const { url, kept = newClient("0") } = options;
  const socket = io(url, {
    forceNew: true,
    transports: ["websocket"],
    reconnectionDelay: 20,
    reconnectionDelayMax: 100,
    ...options.socketOptions,
  });
  const log = createEventLog<ClientEvent>();
  const client: Joining = { options, kept, socket, log, blobs: createBlobs(url), inTurn: createTurns(), inWork: new Set(), welcome: null };
  serve(socket, handlersOf(client), {
    onFault(_name, error) {
      throw error;
    },
  });
  socket.on("connect", () => {
    log.note({ kind: "connected" });
    void greet(client);
  });
  socket.on("disconnect", (reason) => log.note({ kind: "disconnected", reason }));
  return {
    kept,
    socket,
    events: log.events,
    when: log.when,
    call: (name, request) => call(socket, name, request),
    work: (lease) => work(client, lease),
    prepare: (lease) => prepare(client, lease),
    close() {
      socket.disconnect();
    },
  };
}

/** A client's parts. */
interface Joining {
  readonly options: ProtocolClientOptions;
  readonly kept: KeptClient;
  readonly socket: Socket;
  readonly log: EventLog<ClientEvent>;
  readonly blobs: ReturnType<typeof createBlobs>;
  /** An assignment that comes right behind the welcome is applied after it. */
  readonly inTurn: <T>(change: () => Promise<T>) => Promise<T>;
  /** Ids of the tasks that have arrived and are not over. */
  readonly inWork: Set<string>;
  welcome: Answer<"hello"> | null;
}

function createTurns(): Joining["inTurn"] {
  let last: Promise<unknown> = Promise.resolve();
  return (change) => {
    const turn = last.then(change, change);
    last = turn.catch(() => undefined);
    return turn;
  };
}

function createBlobs(url: string) {
  const cache = new Map<string, Promise<Params>>();
  async function bytes(ref: BlobRef): Promise<Uint8Array> {
    const response = await fetch(new URL(`/blobs/${ref.sha256}`, url));
    if (!response.ok) throw new Error(`blob ${ref.sha256}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }
  function params(ref: BlobRef): Promise<Params> {
    const known = cache.get(ref.sha256) ?? bytes(ref).then((encoded) => decodeParams(encoded));
    cache.set(ref.sha256, known);
    known.catch(() => cache.delete(ref.sha256));
    return known;
  }
  return { bytes, params };
}

async function greet(client: Joining): Promise<void> {
  const { kept, log, blobs } = client;
  const outcome = await client.inTurn(async () => {
    const answer = await sayHello(client);
    if (!answer.ok) return answer;
    client.welcome = answer.value;
    kept.runId = answer.value.runId;
    for (const id of [...kept.devices.keys()]) if (!answer.value.devices.some(({ deviceId }) => deviceId === id)) kept.devices.delete(id);
    await applyDecisions(kept, answer.value.devices, blobs.bytes);
    log.note({ kind: "welcome", welcome: answer.value });
    return answer;
  });
  if (!outcome.ok) return log.note({ kind: "refused", rule: outcome.rule, message: outcome.message, why: outcome.why });
  await register(
    client,
    outcome.value.devices.map(({ deviceId }) => deviceId),
  );
}

function sayHello({ options, kept, socket }: Joining): Promise<Outcome<Answer<"hello">>> {
  const { nickname, machine, hosting = "virtual" } = options;
  const devices = [...kept.devices].map(([deviceId, { version, pending }]) => ({
    deviceId,
    version,
    pending: pending?.submit.taskId ?? null,
  }));
  return call(socket, "hello", {
    ...(options.hello?.(socket) ?? provenHello(kept, { socket, url: options.url })),
    ...(kept.runId === null ? {} : { runId: kept.runId }),
    ...(nickname === undefined ? {} : { nickname }),
    ...(machine === undefined ? {} : { profile: machine }),
    ...(options.hostToken === undefined ? {} : { hostToken: options.hostToken }),
    ...(options.helperToken === undefined ? {} : { helperToken: options.helperToken }),
    ...(options.isForwardOnly === true ? { isForwardOnly: true } : {}),
    hosting,
    ...(hosting === "own" ? { ownExamples: 9 } : {}),
    ...(hosting === "compute" || options.token !== undefined ? { token: options.token ?? "" } : {}),
    devices,
  });
}

async function register({ options, kept, socket, log }: Joining, ids: readonly number[]): Promise<void> {
  if (options.onLoad !== undefined && !(await options.onLoad(ids))) return;
  const here = ids.filter((deviceId) => kept.devices.has(deviceId));
  const outcome = await call(socket, "register", {
    devices: here.map((deviceId) => ({ deviceId, numExamples: (options.claims ?? simulatedExamples)(deviceId) })),
    ...(options.machine === undefined ? {} : { compute: { backend: "wasm", threads: 1, reason: "a test", worstError: 0 } }),
  });
  log.note({ kind: "registered", deviceIds: here, outcome });
}

async function prepare({ kept, welcome, blobs }: Joining, lease: TaskLease): Promise<Submit> {
  if (welcome === null) throw new Error("a task came before the welcome");
  const here = keptDevice(kept, lease.deviceId);
  if (here.pending?.submit.taskId === lease.taskId) return here.pending.submit;
  const entries = Object.entries(lease.parameterSets).map(async ([name, ref]) => [name, await blobs.params(ref)] as const);
  const { body, state } = simulate(welcome.run, lease, Object.fromEntries(await Promise.all(entries)), here.state);
  const tensors = "delta" in body ? { tensors: encodeParams(body.delta, lease.expects.encoding) } : {};
  const carried = welcome.keepsStates && body.kind === "train" && state !== null ? { state: encodeDeviceState(state) } : {};
  const submit: Submit = { taskId: lease.taskId, deviceId: lease.deviceId, header: headerOf(body), ...tensors, ...carried };
  here.pending = { submit, state };
  return submit;
}

async function work(client: Joining, lease: TaskLease): Promise<void> {
  const submit = await prepare(client, lease);
  const outcome = await call(client.socket, "submit", submit);
  const here = keptDevice(client.kept, lease.deviceId);
  if (here.pending?.submit.taskId === lease.taskId) {
    if (outcome.ok && outcome.value.outcome !== "late")
      Object.assign(here, { version: lease.taskId, state: here.pending.state, pending: null });
    else if (outcome.ok || outcome.rule !== "P-6") here.pending = null;
  }
  client.log.note({ kind: "submitted", lease, outcome });
}

async function receive(client: Joining, lease: TaskLease): Promise<void> {
  const { inWork, log, options } = client;
  if (inWork.has(lease.taskId)) return;
  inWork.add(lease.taskId);
  log.note({ kind: "task", lease });
  try {
    if (options.onTask === undefined || (await options.onTask(lease))) await work(client, lease);
  } catch (error) {
    // A blob that is gone belongs to a step that is over; a connection that is gone comes back.
    if (!(error instanceof Error)) throw error;
  } finally {
    inWork.delete(lease.taskId);
  }
}

function handlersOf(client: Joining): Handlers {
  const { kept, log, blobs } = client;
  const noted = (event: ClientEvent) => {
    log.note(event);
    return {};
  };
  return {
    task(lease) {
      if (!kept.devices.has(lease.deviceId)) return refuse("P-31", `device ${lease.deviceId} is not hosted by this client`);
      void receive(client, lease);
      return {};
    },
    async assign({ devices }) {
      try {
        await client.inTurn(() => applyDecisions(kept, devices, blobs.bytes));
      } catch (error) {
        // A state that cannot be fetched has moved on, or the coordinator is gone: the next hello says which.
        if (!(error instanceof Error)) throw error;
        if (client.socket.connected) void greet(client);
        return {};
      }
      log.note({ kind: "assign", devices });
      void register(
        client,
        devices.map(({ deviceId }) => deviceId),
      );
      return {};
    },
    moved({ deviceIds }) {
      for (const deviceId of deviceIds) kept.devices.delete(deviceId);
      return noted({ kind: "moved", deviceIds });
    },
    replaced: () => noted({ kind: "replaced" }),
    goodbye: (goodbye) => noted({ kind: "goodbye", goodbye }),
    status: (status) => noted({ kind: "status", status }),
  };
}
