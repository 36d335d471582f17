import {
  type DeviceId,
  type Json,
  type Pace,
  type PlannedTask,
  type RoundPlan,
  type StrategyState,
  shapesOf,
  type Tensor,
} from "@tutti/core";
import type { OrderEvent, ReceiptEntry } from "@tutti/protocol";
import type { StartingPoint } from "../start/startingPoint.ts";
import type { Change, KeyValueStore } from "./keyValueStore.ts";
import type { OlderTask } from "./olderPlans.ts";
import { bytesOf, floatsOf, packRecord, unpackRecord } from "./records.ts";
import { packStart, unpackStart } from "./startRecord.ts";

/** A plan whose payloads are named by the hash of their encoded bytes; an older coordinator may have written it. */
export interface JournalledPlan extends Omit<RoundPlan, "payloads" | "tasks"> {
  readonly payloads: readonly string[];
  readonly tasks: readonly (PlannedTask | OlderTask)[];
}

/** An accepted contribution, as it arrived. */
export interface JournalledContribution {
  readonly taskId: string;
  readonly deviceId: DeviceId;
  /** Hash of the submission, which tells a duplicate from other bytes under the same id. */
  readonly sha256: string;
  readonly bytes: Uint8Array;
  /** Key of the client that sent it. Older journals do not say it. */
  readonly by?: string;
  /** Whether the device had lost its state since the contribution before. Older journals do not say it: then its record does. */
  readonly wasReset?: boolean;
}

/** An accepted contribution as receipts list it (P-165); it stays when the step is over. */
export interface JournalledReceipt extends ReceiptEntry {
  /** Key of the client that sent it. */
  readonly by: string;
}

/** Devices whose contributions to a step were taken back, before it closed. */
export interface TakenBack extends Pick<RoundPlan, "stage" | "round" | "step" | "attempt"> {
  readonly deviceIds: readonly DeviceId[];
}

/** A device that a strategy forgets, out of N. */
export interface Forgotten {
  readonly deviceId: DeviceId;
  readonly numDevices: number;
}

/** What the coordinator knows of a device. */
export interface JournalledDevice {
  readonly deviceId: DeviceId;
  /** Key of the client that hosts it, or null while nobody does. */
  readonly clientKey: string | null;
  /** Share of the partition that it holds; null for a client's own examples. Older journals do not say it. */
  readonly share?: number | null;
  /** n_i, or null until registered. */
  readonly numExamples: number | null;
  /** Key of the client that claimed n_i, for which it is fixed; null for a number that no client claimed. Older journals do not say it. */
  readonly claimedBy?: string | null;
  /** Id and submission hash of the last accepted task, or null. */
  readonly version: string | null;
  readonly versionSha256: string | null;
  /** Hash of the private state kept here for the next host, or null. */
  readonly stateSha256: string | null;
  /** Key of the client that trained the device last, and computed that state; null before. Older journals do not say it. */
  readonly stateBy?: string | null;
  /** Whether its private state was lost since its last training contribution that counts. */
  readonly wasReset: boolean;
}

/** A client that has said hello, in order of arrival. */
export interface JournalledClient {
  readonly clientKey: string;
  readonly ordinal: number;
  readonly nickname: string | null;
  /** Whether it hosts a helper device (P-192); absent for people's. */
  readonly isHelper?: true;
  /** Tasks in a row that it was handed and did not do, where the run remembers that. */
  readonly failures?: number;
}

/** What a run remembers of a client's admission; of most clients it remembers nothing. */
export interface JournalledStanding {
  readonly clientKey: string;
  /** Id of the invitation that it redeemed, or null. */
  readonly invitation: string | null;
  readonly isApproved: boolean;
  readonly isBanned: boolean;
}

/** All that a restarted coordinator needs. */
export interface JournalContents {
  readonly run: Json;
  /** Null for a run that starts from values drawn from its seed. */
  readonly start: StartingPoint | null;
  readonly state: StrategyState | null;
  readonly plan: JournalledPlan | null;
  readonly counted: readonly DeviceId[] | null;
  /** Whether the open step missed its quorum and is to be repeated. */
  readonly isRepeated: boolean;
  /** What the run remembers of its past steps, written with the latest set that counts or missed quorum; null where it remembers nothing. */
  readonly pace: Pace | null;
  /** The plan after the open step, with that step's history entry, when the open step was aggregated but its state not yet written. */
  readonly next: { readonly plan: JournalledPlan; readonly entry: unknown } | null;
  /** Null where nothing was taken back. */
  readonly takenBack: TakenBack | null;
  /** Devices that are to be forgotten in the next state that is written, in this order. */
  readonly forgotten: readonly Forgotten[];
  /** By hash: payloads of the open step, and device states kept for the next host. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly contributions: readonly JournalledContribution[];
  readonly devices: readonly JournalledDevice[];
  readonly clients: readonly JournalledClient[];
  readonly standings: readonly JournalledStanding[];
  /** The operator's orders, oldest first. */
  readonly orders: readonly OrderEvent[];
  /** Of all contributions that were accepted so far. Older journals have none. */
  readonly receipts: readonly JournalledReceipt[];
  readonly traffic: Json;
  /** One entry per closed step, oldest first. */
  readonly history: readonly unknown[];
}

/** The coordinator's memory: nothing is acknowledged before `flushed` resolves. */
export interface Journal {
  /** What was journalled before this process, or null for a new run. */
  contents(): JournalContents | null;
  /** Writes the settings, and what the run starts from where its seed does not draw it: all of that is kept until there is a state. */
  begin(run: Json, start?: StartingPoint | null): void;
  /**
   * A new open step; contributions and blobs of the one before are gone. With `unwritten`, the history entry of the step before, that step's
   * contributions stay until its state is written: a restart aggregates them again, and tasks need not wait for a large write.
   */
  putPlan(plan: JournalledPlan, payloads: ReadonlyMap<string, Uint8Array>, unwritten?: unknown): void;
  /** Deletes contributions to the open step, whose devices count as left (P-127). */
  takeBack(taskIds: readonly string[], takenBack: TakenBack): void;
  /** Devices to forget in the next state that is written. */
  putForgotten(forgotten: readonly Forgotten[]): void;
  /** The state of the step before, changed after it was written. */
  amendState(state: StrategyState): void;
  /** A contribution beside the device's new version and, where it is kept, its new state, and what receipts say of it. */
  putContribution(
    contribution: JournalledContribution,
    device: JournalledDevice,
    state: Uint8Array | null,
    receipt?: JournalledReceipt,
  ): void;
  /** Their client takes everything back. */
  removeReceipts(taskIds: readonly string[]): void;
  /** With what the run remembers from then on, where it does. */
  putCounted(counted: readonly DeviceId[], pace?: Pace): void;
  /** The open step missed its quorum. */
  putRepeated(pace?: Pace): void;
  /** The state after a step, with the step's history entry (null for the state a run starts with): writes tensors that are new objects, removes names that went, closes the step. */
  putState(state: StrategyState, entry: unknown): void;
  putDevice(device: JournalledDevice): void;
  putClient(client: JournalledClient): void;
  removeClient(clientKey: string): void;
  putStanding(standing: JournalledStanding): void;
  /** An order, or what is known of it since. */
  putOrder(order: OrderEvent): void;
  putTraffic(traffic: Json): void;
  flushed(): Promise<void>;
  /** Takes what was removed off the disk as well. */
  purge(): Promise<void>;
  /** Tells from now on why writes wait, such as a full disk; null when they wait no more. */
  onBlocked(listener: (reason: string | null) => void): void;
  /** Writes that wait are given up: whoever waits for them is told that they failed. */
  stopWaiting(): void;
  close(): Promise<void>;
}

/** Opens the journal in a store and reads what is there; `entries` are those of a store that was changed since it was opened. */
export function openJournal(store: KeyValueStore, entries = store.entries()): Journal {
  const { contents, openBlobs } = read(entries);
  const written = writtenBefore(contents, openBlobs);
  return {
    contents: () => contents,
    begin(run, start = null) {
      written.start = start;
      store.write([["run", packRecord(run)], ...(start === null ? [] : [["start", packStart(start)] as const])]);
    },
    putPlan(plan, payloads, unwritten) {
      if (unwritten !== undefined) {
        written.next = { plan, contributions: [] };
        store.write([...putBlobs(written, payloads), ["next", packRecord({ plan, entry: unwritten })]]);
        return;
      }
      const changes = closeStep(written, new Set(plan.payloads));
      changes.push(...putBlobs(written, payloads), ["plan", packRecord(plan)]);
      written.hasPlan = true;
      store.write(changes);
    },
    putContribution({ bytes, ...head }, device, state, receipt) {
      (written.next?.contributions ?? written.contributions).push(head.taskId);
      const changes: Change[] = [
        [`contribution/${head.taskId}`, packRecord(head, bytes)],
        [deviceKey(device.deviceId), packRecord(device)],
      ];
      if (state !== null) changes.push([stateKey(device.deviceId), packRecord(null, state)]);
      if (receipt !== undefined) changes.push([receiptName(receipt.taskId), packRecord(receipt)]);
      store.write(changes);
    },
    removeReceipts: (taskIds) => store.write(taskIds.map((taskId): Change => [receiptName(taskId), null])),
    takeBack(taskIds, takenBack) {
      for (const list of [written.contributions, written.next?.contributions ?? []])
        for (const taskId of taskIds) if (list.includes(taskId)) list.splice(list.indexOf(taskId), 1);
      const changes = taskIds.map((taskId): Change => [`contribution/${taskId}`, null]);
      store.write([...changes, ["takenBack", packRecord(takenBack)]]);
    },
    putForgotten(forgotten) {
      written.hasForgotten = true;
      store.write([["forgotten", packRecord(forgotten)]]);
    },
    amendState: (state) => store.write(stateChanges(written, state, null)),
    putCounted: (counted, pace) => store.write([["counted", packRecord(counted)], ...paceChange(pace)]),
    putRepeated: (pace) => store.write([["repeated", packRecord(true)], ...paceChange(pace)]),
    putState: (state, entry) =>
      store.write([...closeForState(written), ...forgetStart(written), ...stateChanges(written, state, entry), ...clearForgotten(written)]),
    putDevice(device) {
      const changes: Change[] = [[deviceKey(device.deviceId), packRecord(device)]];
      if (device.stateSha256 === null) changes.push([stateKey(device.deviceId), null]);
      store.write(changes);
    },
    putClient: (client) => store.write([[clientName(client.clientKey), packRecord(client)]]),
    removeClient: (clientKey) => store.write([[clientName(clientKey), null]]),
    putStanding: (standing) => store.write([[`standing/${standing.clientKey}`, packRecord(standing)]]),
    putOrder: (order) => store.write([[`order/${padded(order.number)}`, packRecord(order)]]),
    putTraffic: (traffic) => store.write([["traffic", packRecord(traffic)]]),
    flushed: () => store.flushed(),
    purge: () => store.purge?.() ?? Promise.resolve(),
    onBlocked: (listener) => store.onBlocked?.(listener),
    stopWaiting: () => store.stopWaiting?.(),
    close: () => store.close(),
  };
}

function paceChange(pace: Pace | undefined): Change[] {
  return pace === undefined ? [] : [["pace", packRecord(pace)]];
}

/** What the store holds of the present step, so that only what changed is written. */
interface Written {
  readonly tensors: Map<string, Tensor>;
  /** Payloads of the open step, and of the one that waits. */
  readonly blobs: Set<string>;
  /** Task ids of the open step's contributions. */
  contributions: string[];
  /** The plan that waits for the state of the step before, and the contributions that it has had. */
  next: { readonly plan: JournalledPlan; readonly contributions: string[] } | null;
  hasPlan: boolean;
  /** Whether devices are to be forgotten in the next state. */
  hasForgotten: boolean;
  numHistory: number;
  start: StartingPoint | null;
}

function writtenBefore(contents: JournalContents | null, blobs: Set<string>): Written {
  return {
    tensors: new Map(Object.entries(contents?.state?.tensors ?? {})),
    blobs,
    contributions: contents?.contributions.map((item) => item.taskId) ?? [],
    next: contents?.next == null ? null : { plan: contents.next.plan, contributions: [] },
    hasPlan: (contents?.plan ?? null) !== null,
    hasForgotten: (contents?.forgotten.length ?? 0) > 0,
    numHistory: contents?.history.length ?? 0,
    start: contents?.start ?? null,
  };
}

/** Forgets the open step, but for the blobs that are still needed. */
function closeStep(written: Written, keep: ReadonlySet<string>): Change[] {
  const changes: Change[] = written.contributions.map((taskId) => [`contribution/${taskId}`, null]);
  written.contributions = [];
  for (const sha256 of written.blobs) {
    if (keep.has(sha256)) continue;
    changes.push([`blob/${sha256}`, null]);
    written.blobs.delete(sha256);
  }
  if (written.hasPlan) changes.push(["counted", null], ["repeated", null], ["plan", null]);
  written.hasPlan = false;
  return changes;
}

/** What a run started from is in its first state; where that was stays known. */
function forgetStart(written: Written): Change[] {
  if (written.start === null || written.start.content === null) return [];
  written.start = { ...written.start, content: null };
  return [["start", packStart(written.start)]];
}

/** The state that is written lacks what was to be forgotten. */
function clearForgotten(written: Written): Change[] {
  if (!written.hasForgotten) return [];
  written.hasForgotten = false;
  return [["forgotten", null]];
}

/** Closes the step whose state is written; the plan that waited for it is the open one from now on. */
function closeForState(written: Written): Change[] {
  const { next } = written;
  const changes = closeStep(written, next === null ? written.blobs : new Set(next.plan.payloads));
  if (next === null) return changes;
  written.contributions = next.contributions;
  written.hasPlan = true;
  written.next = null;
  return [...changes, ["plan", packRecord(next.plan)], ["next", null]];
}

function putBlobs({ blobs }: Written, payloads: ReadonlyMap<string, Uint8Array>): Change[] {
  const changes: Change[] = [];
  for (const [sha256, bytes] of payloads) {
    if (blobs.has(sha256)) continue;
    changes.push([`blob/${sha256}`, packRecord(null, bytes)]);
    blobs.add(sha256);
  }
  return changes;
}

function stateChanges(written: Written, { values, tensors }: StrategyState, entry: unknown): Change[] {
  // Shapes stand beside the values, so that a tensor's record is its floats and nothing need be copied to write it.
  const changes: Change[] = [["state", packRecord({ values, shapes: shapesOf(tensors) })]];
  if (entry !== null) changes.push([historyKey(written.numHistory++), packRecord(entry)]);
  for (const [name, tensor] of Object.entries(tensors)) {
    if (written.tensors.get(name) === tensor) continue;
    changes.push([`tensor/${name}`, bytesOf(tensor.data)]);
    written.tensors.set(name, tensor);
  }
  for (const name of written.tensors.keys()) {
    if (Object.hasOwn(tensors, name)) continue;
    changes.push([`tensor/${name}`, null]);
    written.tensors.delete(name);
  }
  return changes;
}

const deviceKey = (id: DeviceId) => `device/${padded(id)}`;
const stateKey = (id: DeviceId) => `deviceState/${padded(id)}`;
const clientName = (key: string) => `client/${key}`;
const receiptName = (taskId: string) => `receipt/${taskId}`;
const historyKey = (index: number) => `history/${padded(index)}`;
const padded = (value: number) => String(value).padStart(8, "0");

/** The journal wrote these records itself, so their JSON is believed to have the type it was written with. */
function read(entries: ReturnType<KeyValueStore["entries"]>): { contents: JournalContents | null; openBlobs: Set<string> } {
  const groups = new Map<string, { name: string; json: unknown; bytes: Uint8Array }[]>();
  for (const [key, value] of entries) {
    const slash = key.indexOf("/");
    const group = slash < 0 ? key : key.slice(0, slash);
    const items = groups.get(group) ?? [];
    const isBare = group === "tensor" || group === "start";
    items.push({ name: key.slice(slash + 1), ...(isBare ? { json: null, bytes: value } : unpackRecord(value)) });
    groups.set(group, items);
  }
  const of = (group: string) => groups.get(group) ?? [];
  const first = <T>(group: string) => (of(group)[0]?.json ?? null) as T | null;
  if (of("run").length === 0) return { contents: null, openBlobs: new Set() };
  const state = first<{ values: StrategyState["values"]; shapes: Record<string, readonly number[]> }>("state");
  const tensors = of("tensor").map(({ name, bytes }) => [name, { shape: state?.shapes[name] ?? [], data: floatsOf(bytes) }] as const);
  const devices = of("device").map((item) => item.json as JournalledDevice);
  const states = new Map(of("deviceState").map(({ name, bytes }) => [Number(name), bytes]));
  const blobs = new Map(of("blob").map(({ name, bytes }) => [name, bytes]));
  const openBlobs = new Set(blobs.keys());
  for (const device of devices) {
    const state = states.get(device.deviceId);
    if (state !== undefined && device.stateSha256 !== null) blobs.set(device.stateSha256, state);
  }
  const start = of("start")[0];
  const contents: JournalContents = {
    run: first<Json>("run"),
    start: start === undefined ? null : unpackStart(start.bytes),
    state: state === null ? null : { values: state.values, tensors: Object.fromEntries(tensors) },
    plan: first<JournalledPlan>("plan"),
    counted: first<DeviceId[]>("counted"),
    isRepeated: first<boolean>("repeated") ?? false,
    pace: first<Pace>("pace"),
    next: first<JournalContents["next"]>("next"),
    takenBack: first<TakenBack>("takenBack"),
    forgotten: first<Forgotten[]>("forgotten") ?? [],
    blobs,
    contributions: of("contribution").map(({ json, bytes }) => ({ ...(json as Omit<JournalledContribution, "bytes">), bytes })),
    devices,
    clients: of("client")
      .map((item) => item.json as JournalledClient)
      .sort((a, b) => a.ordinal - b.ordinal),
    standings: of("standing").map((item) => item.json as JournalledStanding),
    orders: of("order")
      .map((item) => item.json as OrderEvent)
      .sort((a, b) => a.number - b.number),
    receipts: of("receipt").map((item) => item.json as JournalledReceipt),
    traffic: first<Json>("traffic"),
    history: of("history").map((item) => item.json),
  };
  return { contents, openBlobs };
}
