import type { DeviceId } from "@tutti/core";
import type { Backend, DeviceDecision, TaskLease } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { JournalledClient, JournalledDevice } from "../journal/journal.ts";

/** A client's socket as the pool sees it. */
export interface Connection {
  readonly id: string;
  /** Set once hello is answered: only then may assignments follow. */
  isWelcomed: boolean;
  /** Devices that were registered on this connection: only they get tasks. */
  readonly registered: Set<DeviceId>;
  task(lease: TaskLease): void;
  assign(devices: readonly DeviceDecision[]): void;
  /** Tells the client that these devices live elsewhere from now on. */
  moved(deviceIds: readonly DeviceId[]): void;
  /** Tells the client that another socket took its place, and closes. */
  replaced(): void;
}

/** What a client computes on. */
export interface Compute {
  readonly backend: Backend;
  readonly threads: number;
  readonly reason: string;
}

/** A client that has said hello to this run, now or earlier. */
export interface Client extends JournalledClient {
  readonly hosting: "virtual" | "own";
  connection: Connection | null;
  isPaused: boolean;
  /** Whether it said that it cannot contribute at all. */
  hasDeclined: boolean;
  /** Whether it left, or its grace time is over. */
  isGone: boolean;
  compute: Compute | null;
  /** Share of its present task that is done. */
  progress: number | null;
  cancelGrace: () => void;
}

/** Whether a client is there to work, welcomed or about to be. */
export function isAround({ connection, isPaused, hasDeclined }: Client): boolean {
  return connection !== null && !isPaused && !hasDeclined;
}

/** Whether a client takes tasks now. */
export function works(client: Client): boolean {
  return isAround(client) && client.connection?.isWelcomed === true;
}

/** A device that nobody hosts yet. */
export function freshDevice(deviceId: DeviceId): JournalledDevice {
  const nothing = { clientKey: null, numExamples: null, version: null, versionSha256: null, stateSha256: null, wasReset: false };
  return { deviceId, ...nothing };
}

/** Whether devices without a client move to another one. */
export function canMoveDevices({ homeless, run }: CoordinatorConfig): boolean {
  return (homeless ?? (run.roster === "fixed" ? "move" : "leave")) === "move";
}
