import type { DeviceId, DeviceState } from "@tutti/core";
import type { Submit } from "@tutti/protocol";

/** A finished task that the coordinator has not answered yet: what to send again, and the state that follows once it counts. */
export interface PendingTask {
  /** The whole submission, encoded tensors included; sent again byte for byte. */
  readonly submit: Submit;
  readonly state: DeviceState | null;
}

/** All that a device keeps on its client, versioned by its last accepted task. */
export interface DeviceRecord {
  readonly deviceId: DeviceId;
  /** The last accepted task's id, or null before the first. */
  readonly version: string | null;
  /** State as of `version`; null before the first task. */
  readonly state: DeviceState | null;
  readonly pending: PendingTask | null;
  /** Whether another client computed the state: it was handed over with the device. */
  readonly isInherited?: true;
}

/**
 * `strict`, unless something else is asked for: on disk once it is written, whatever happens to the machine. `relaxed`: the record before may come back after the power failed, which
 * the next hello puts right; a crash of the browser alone loses nothing.
 */
export type Durability = "strict" | "relaxed";

/** Where a client keeps its devices. `put` replaces a whole record in one transaction: all of it, or nothing, survives a crash. */
export interface DeviceStore {
  list(runId: string): Promise<readonly DeviceRecord[]>;
  get(runId: string, deviceId: DeviceId): Promise<DeviceRecord | null>;
  put(runId: string, record: DeviceRecord, durability?: Durability): Promise<void>;
  delete(runId: string, deviceId: DeviceId): Promise<void>;
}

/** A device that has done nothing yet. */
export function newDeviceRecord(deviceId: DeviceId): DeviceRecord {
  return { deviceId, version: null, state: null, pending: null };
}

/** The record once its pending task was accepted. */
export function promoted(record: DeviceRecord): DeviceRecord {
  if (record.pending === null) return record;
  const { deviceId, pending } = record;
  return { deviceId, version: pending.submit.taskId, state: pending.state, pending: null };
}

/** The record once its pending task came too late. */
export function withoutPending(record: DeviceRecord): DeviceRecord {
  return { ...record, pending: null };
}
