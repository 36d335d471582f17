import type { DeviceId } from "@tutti/core";
import type { JournalledDevice } from "../journal/journal.ts";

/** Devices by id and by the client that hosts them: what is asked for each message takes no look at the others. */
export interface DeviceIndex {
  /** All, in order of their ids. */
  all(): readonly JournalledDevice[];
  get(deviceId: DeviceId): JournalledDevice | null;
  /** Those of a client, or for null those that nobody hosts, in order of their ids. */
  of(clientKey: string | null): readonly JournalledDevice[];
  numOf(clientKey: string): number;
  put(device: JournalledDevice): void;
  readonly size: number;
  /** How many have registered. */
  readonly numRegistered: number;
  /** How many live with a client and are still to be registered. */
  readonly numArriving: number;
  /** How many hold a share of the partition. */
  readonly numWithShare: number;
}

const isRegistered = (device: JournalledDevice | undefined) => Number(device !== undefined && device.numExamples !== null);
const isArriving = (device: JournalledDevice | undefined) =>
  Number(device !== undefined && device.numExamples === null && device.clientKey !== null);
const hasShare = (device: JournalledDevice | undefined) => Number(device?.share !== undefined && device.share !== null);

/** An index of the devices that are known; ids are given in order, without a gap. `onPut` hears of every change. */
export function createDeviceIndex(known: readonly JournalledDevice[], onPut: (deviceId: DeviceId) => void): DeviceIndex {
  const devices = new Map<DeviceId, JournalledDevice>();
  const hosted = new Map<string | null, Set<DeviceId>>();
  let numRegistered = 0;
  let numArriving = 0;
  let numWithShare = 0;

  function put(device: JournalledDevice): void {
    const { deviceId, clientKey } = device;
    const before = devices.get(deviceId);
    devices.set(deviceId, device);
    numRegistered += isRegistered(device) - isRegistered(before);
    numArriving += isArriving(device) - isArriving(before);
    numWithShare += hasShare(device) - hasShare(before);
    if (before === undefined || before.clientKey !== clientKey) {
      const earlier = before === undefined ? undefined : hosted.get(before.clientKey);
      earlier?.delete(deviceId);
      if (earlier?.size === 0) hosted.delete(before?.clientKey ?? null);
      const here = hosted.get(clientKey) ?? new Set();
      hosted.set(clientKey, here.add(deviceId));
    }
    onPut(deviceId);
  }

  for (const device of known) put(device);
  return {
    all: () => [...devices.values()],
    get: (deviceId) => devices.get(deviceId) ?? null,
    of: (clientKey) => [...(hosted.get(clientKey) ?? [])].sort((a, b) => a - b).flatMap((deviceId) => devices.get(deviceId) ?? []),
    numOf: (clientKey) => hosted.get(clientKey)?.size ?? 0,
    put,
    get size() {
      return devices.size;
    },
    get numRegistered() {
      return numRegistered;
    },
    get numArriving() {
      return numArriving;
    },
    get numWithShare() {
      return numWithShare;
    },
  };
}
