import type { DeviceId } from "@tutti/core";
import { type DeviceDecision, type DeviceVersion, decodeDeviceState } from "@tutti/protocol";
import type { Blobs } from "./blobs.ts";
import {
  type DeviceRecord,
  type DeviceStore,
  type Durability,
  newDeviceRecord,
  type PendingTask,
  promoted,
  withoutPending,
} from "./deviceStore.ts";
import { messageOf } from "./messageOf.ts";

/** A device's state could not be fetched: it has moved on, or the coordinator is out of reach. The next hello brings what holds then. */
export class StateUnavailable extends Error {
  override readonly name = "StateUnavailable";
}

/** The devices of one run that live on this client; every change goes to the store before it counts. */
export interface Devices {
  /** Ids in ascending order. */
  ids(): readonly DeviceId[];
  /** The share of the partition that a device holds: its own number, unless a decision says another one (P-15). */
  shareOf(deviceId: DeviceId): number;
  /** What the store holds. */
  versions(): Promise<readonly DeviceVersion[]>;
  /** Takes over the decisions of a welcome; devices that are not listed live elsewhere and are forgotten (P-25). */
  applyWhole(decisions: readonly DeviceDecision[]): Promise<void>;
  /** Takes over the devices of an assignment that are not here yet (P-26); their shares are known at once. */
  applyNew(decisions: readonly DeviceDecision[]): Promise<void>;
  /** Forgets devices that live elsewhere from now on (P-27). */
  forget(deviceIds: readonly DeviceId[]): Promise<void>;
  read(deviceId: DeviceId): Promise<DeviceRecord>;
  /** Writes the finished task beside the state it started from; answers false when the device was decided otherwise meanwhile. */
  setPending(start: DeviceRecord, pending: PendingTask): Promise<boolean>;
  promote(deviceId: DeviceId, taskId: string): Promise<void>;
  drop(deviceId: DeviceId, taskId: string): Promise<void>;
  /** The state that came with the device is of no use: the device starts again, where the coordinator agrees (P-125). False for a state that was computed here. */
  declineInherited(deviceId: DeviceId, reason: string): Promise<boolean>;
}

/** Whose devices these are, where they are kept, and who hears of decisions. */
export interface DevicesOptions {
  readonly runId: string;
  readonly store: DeviceStore;
  readonly blobs: Blobs;
  readonly onDecision: (decision: DeviceDecision) => void;
  /** Tells the coordinator that the state of this version cannot be used here (P-125); false where no answer came. */
  readonly declineState: (deviceId: DeviceId, version: string, reason: string) => Promise<boolean>;
}

/** What the coordinator decided or has accepted: it says so again to a client whose store is behind (P-20 to P-25). Strict writes wait for the disk. */
const known: Durability = "relaxed";

/** Devices over a store; changes of the same client are made one after another. */
export function createDevices({ runId, store, blobs, onDecision, declineState }: DevicesOptions): Devices {
  const here = new Set<DeviceId>();
  const shares = new Map<DeviceId, number>();
  let lastChange: Promise<unknown> = Promise.resolve();

  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = lastChange.then(change, change);
    lastChange = turn.catch(() => undefined);
    return turn;
  }

  const read = async (deviceId: DeviceId): Promise<DeviceRecord> => (await store.get(runId, deviceId)) ?? newDeviceRecord(deviceId);

  async function take(decision: DeviceDecision): Promise<void> {
    const record = await decided(decision, { read, blobs, declineState });
    if (record !== null) await store.put(runId, record, known);
    here.add(decision.deviceId);
    shares.set(decision.deviceId, shareIn(decision));
    const isDeclined = decision.state !== undefined && record?.version === null;
    onDecision(isDeclined ? { deviceId: decision.deviceId, decision: "reset" } : decision);
  }

  async function forgetAllBut(deviceIds: ReadonlySet<DeviceId>): Promise<void> {
    const records = await store.list(runId);
    for (const { deviceId } of records) if (!deviceIds.has(deviceId)) await store.delete(runId, deviceId);
    for (const deviceId of [...here]) if (!deviceIds.has(deviceId)) here.delete(deviceId);
  }

  const settle = (deviceId: DeviceId, taskId: string, next: (record: DeviceRecord) => DeviceRecord): Promise<void> =>
    inTurn(async () => {
      const record = await read(deviceId);
      if (record.pending?.submit.taskId === taskId) await store.put(runId, next(record), known);
    });

  return {
    ids: () => [...here].sort((a, b) => a - b),
    shareOf: (deviceId) => shares.get(deviceId) ?? deviceId,
    versions: () => listVersions(store, runId),
    applyWhole: (decisions) =>
      inTurn(async () => {
        await forgetAllBut(new Set(decisions.map(({ deviceId }) => deviceId)));
        for (const decision of decisions) await take(decision);
      }),
    applyNew(decisions) {
      for (const decision of decisions) shares.set(decision.deviceId, shareIn(decision));
      return inTurn(async () => {
        for (const decision of decisions) if (!here.has(decision.deviceId)) await take(decision);
      });
    },
    forget: (deviceIds) =>
      inTurn(async () => {
        for (const deviceId of deviceIds) {
          here.delete(deviceId);
          await store.delete(runId, deviceId);
        }
      }),
    read: (deviceId) => inTurn(() => read(deviceId)),
    setPending: (start, pending) =>
      inTurn(async () => {
        const now = await read(start.deviceId);
        if (now.version !== start.version || !here.has(start.deviceId)) return false;
        await store.put(runId, { ...now, pending }, "strict");
        return true;
      }),
    promote: (deviceId, taskId) => settle(deviceId, taskId, promoted),
    drop: (deviceId, taskId) => settle(deviceId, taskId, withoutPending),
    declineInherited: (deviceId, reason) =>
      inTurn(async () => {
        const { isInherited, version } = await read(deviceId);
        if (isInherited !== true || version === null || !(await declineState(deviceId, version, reason))) return false;
        await store.put(runId, newDeviceRecord(deviceId), known);
        onDecision({ deviceId, decision: "reset" });
        return true;
      }),
  };
}

function shareIn({ deviceId, share }: DeviceDecision): number {
  return share ?? deviceId;
}

/** The record that a decision leads to; null where it stays as it is. */
async function decided(decision: DeviceDecision, ports: DecisionPorts): Promise<DeviceRecord | null> {
  const { deviceId } = decision;
  if (decision.state !== undefined) return inherited({ ...decision, state: decision.state }, ports);
  const { read } = ports;
  const record = await read(deviceId);
  switch (decision.decision) {
    case "keep":
      return null;
    case "promote":
      return promoted(record);
    case "drop":
      return withoutPending(record);
    case "reset":
    case "new":
      return newDeviceRecord(deviceId);
  }
}

/** What a decision is carried out with. */
interface DecisionPorts extends Pick<DevicesOptions, "blobs" | "declineState"> {
  read(deviceId: DeviceId): Promise<DeviceRecord>;
}

/** The record of a device that comes with its state; a state that cannot be read is declined, and the device starts again (P-125). */
async function inherited(
  { deviceId, state, version }: DeviceDecision & Required<Pick<DeviceDecision, "state">>,
  { blobs, declineState }: DecisionPorts,
): Promise<DeviceRecord> {
  const bytes = await blobs.bytes(state).catch((cause: unknown) => {
    throw new StateUnavailable(`device ${deviceId}: its state could not be fetched: ${messageOf(cause)}`, { cause });
  });
  try {
    return { deviceId, version: version ?? null, state: decodeDeviceState(bytes), pending: null, isInherited: true };
  } catch (cause) {
    const reason = messageOf(cause);
    if (version !== undefined && (await declineState(deviceId, version, reason))) return newDeviceRecord(deviceId);
    throw new StateUnavailable(`device ${deviceId}: its state cannot be read: ${reason}`, { cause });
  }
}

/** What hello says of the devices of a run in the store. */
export async function listVersions(store: DeviceStore, runId: string): Promise<readonly DeviceVersion[]> {
  const records = await store.list(runId);
  return records.map(({ deviceId, version, pending }) => ({ deviceId, version, pending: pending?.submit.taskId ?? null }));
}
