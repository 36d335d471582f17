import { type Bits, backwardPassesOf, type DeviceId, looksAtMachines } from "@tutti/core";
import type { Backend, DeviceDecision, Hello, TaskLease } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { JournalledClient, JournalledDevice } from "../journal/journal.ts";
import type { Origin } from "./quotas.ts";

/** A client's socket as the pool sees it. */
export interface Connection {
  readonly id: string;
  /** Where it comes from; absent where nobody is counted. */
  origin?: Origin;
  /** Set once hello is answered: only then may assignments follow. */
  isWelcomed: boolean;
  /** Set by the first registration, which may name no device: the client has passed the admission test. */
  isReady: boolean;
  /** Devices that were registered on this connection: only they get tasks. */
  readonly registered: Set<DeviceId>;
  task(lease: TaskLease): void;
  assign(devices: readonly DeviceDecision[]): void;
  /** Tells the client that these devices live elsewhere from now on. */
  moved(deviceIds: readonly DeviceId[]): void;
  /** Tells the client that another socket took its place, and closes. */
  replaced(): void;
  /** Tells the client that the operator sends it away, and closes. */
  removed(message: string): void;
}

/** What a client computes on. */
export interface Compute {
  readonly backend: Backend;
  readonly threads: number;
  readonly reason: string;
  /** As it claims. */
  readonly flopsPerSecond?: number;
}

/** A client that has said hello to this run, now or earlier. */
export interface Client extends JournalledClient {
  readonly hosting: "virtual" | "own";
  connection: Connection | null;
  isPaused: boolean;
  /** Whether it said that it cannot contribute at all. */
  hasDeclined: boolean;
  /** Whether it let a task's deadline pass since its last contribution. */
  isSilent: boolean;
  /** Whether it left, or its grace time is over. */
  isGone: boolean;
  /** Since when it has devices that it is still to register, in uptime; null while it has none. */
  owesSince: number | null;
  /** Whether it did not register devices in time: until it registers, what it owes is free for others, and it is dealt nothing. */
  isLate: boolean;
  /** Tasks in a row that it was handed and did not do, and arrivals of devices that it missed. */
  numFailures: number;
  /** Whether it has done a task since it last failed, in this process. */
  isProven: boolean;
  /** The last step, counted in this process, in which no device may move to it. */
  barredUntil: number;
  /** Whether it brought the run's host token (P-126). */
  isTrusted: boolean;
  compute: Compute | null;
  /** What it claims of its machine; null where it says nothing. */
  profile: NonNullable<Hello["profile"]> | null;
  /** Whether it computes forward passes alone (P-250). */
  isForwardOnly: boolean;
  /** Of the backbone that it was given, where the run has several. */
  bits: Bits | null;
  /** Share of its present task that is done, as it said at this uptime; null before it does. */
  progress: { readonly fraction: number; readonly at: number } | null;
  cancelGrace: () => void;
  cancelLateness: () => void;
}

/** Whether a client is there to work, welcomed or about to be. */
export function isAround({ connection, isPaused, hasDeclined }: Client): boolean {
  return connection !== null && !isPaused && !hasDeclined;
}

/** Whether a client takes tasks now. */
export function works(client: Client): boolean {
  return isAround(client) && client.connection?.isWelcomed === true;
}

/** Whether a client may be given devices. */
export function canHost(client: Client): boolean {
  return works(client) && !client.isLate;
}

/** Whether nothing can be expected of a device where it lives: its client left, rests, or did not register it in time. */
export function isForsaken(device: JournalledDevice, client: Client | undefined): boolean {
  if (client === undefined || client.isGone || client.isPaused || client.hasDeclined) return true;
  return client.isLate && client.connection?.registered.has(device.deviceId) !== true;
}

/** A device that nobody hosts yet. */
export function freshDevice(deviceId: DeviceId, share: number | null): JournalledDevice {
  const nothing = { clientKey: null, numExamples: null, version: null, versionSha256: null, stateSha256: null, wasReset: false };
  return { deviceId, share, ...nothing };
}

/** Whether a client may be sent a device's private state (P-126). */
export function mayHaveState({ stateBy }: JournalledDevice, { clientKey, isTrusted }: Client, { stateHosts }: CoordinatorConfig): boolean {
  return stateHosts === "anyone" || isTrusted || stateBy === clientKey;
}

/** A device whose private state is gone. */
export function withoutState(device: JournalledDevice): JournalledDevice {
  return { ...device, version: null, versionSha256: null, stateSha256: null, stateBy: null };
}

/** A device after its client took everything back: a share goes to the next host, and what a client claimed of its own examples goes with it. */
export function released(device: JournalledDevice, isFixed: boolean): JournalledDevice {
  const nothing = {
    clientKey: null,
    version: null,
    versionSha256: null,
    stateSha256: null,
    stateBy: null,
    claimedBy: null,
    wasReset: true,
  };
  return { ...device, ...nothing, numExamples: isFixed ? device.numExamples : null };
}

/** Whether tasks go one by one to clients that are free, and their devices with them (P-28). */
export function placesTasks(config: CoordinatorConfig): boolean {
  // what is planned by a machine, or by the passes that fit it, is for the client that the device lives on
  const isByClient = looksAtMachines(config.run.strategy) || backwardPassesOf(config.run) === "some";
  return config.run.roster === "fixed" && canMoveDevices(config) && !isByClient;
}

/** Whether devices without a client move to another one. */
export function canMoveDevices({ homeless, run }: CoordinatorConfig): boolean {
  return (homeless ?? (run.roster === "fixed" ? "move" : "leave")) === "move";
}
