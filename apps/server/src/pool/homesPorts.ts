import type { DeviceId } from "@tutti/core";
import type { BlobRef } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { JournalledDevice } from "../journal/journal.ts";
import type { Client } from "./members.ts";

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
  /** A device is given up, and nobody takes it. */
  onLost(deviceId: DeviceId): void;
  /** A device starts again: its private state is lost. */
  onReset(deviceId: DeviceId): void;
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
