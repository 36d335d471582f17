import type { DeviceId } from "@tutti/core";
import type { BlobRef } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { JournalledDevice } from "../journal/journal.ts";
import type { Client } from "./members.ts";

/** Why a device starts again: its state is lost, its host cannot use it, its new host may not have it, or its client took it back. */
export type ResetReason = "lost" | "declined" | "untrusted" | "withdrawn";

/** What finding homes for devices needs of the pool. */
export interface HomesPorts {
  readonly config: CoordinatorConfig;
  saveDevice(device: JournalledDevice): void;
  /** Whether a task of the open step can still be submitted. */
  isOpenTask(taskId: string): boolean;
  /** Whether a device has a task out. */
  isBusy(deviceId: DeviceId): boolean;
  /** Where a kept device state can be fetched. */
  stateBlob(sha256: string): BlobRef | null;
  /** Nobody is to have this device's kept state any more. */
  dropState(deviceId: DeviceId): void;
  /** A device is given up, and nobody takes it. */
  onLost(deviceId: DeviceId): void;
  /** A device starts again: its private state is lost, or was declined by its host. */
  onReset(deviceId: DeviceId, why: ResetReason): void;
}

/** What it needs of the roster. */
export interface HomesWorld {
  readonly clients: ReadonlyMap<string, Client>;
  /** The client that came as number `ordinal`. */
  clientAt(ordinal: number): Client | undefined;
  /** A device's record is another one. */
  onPut(deviceId: DeviceId): void;
  /** Clients that hold places and whose leases have lapsed. */
  lapsed(): readonly Client[];
  /** A client has devices that it did not have before. */
  onAssigned(client: Client): void;
}
