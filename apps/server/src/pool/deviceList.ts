import { baseFormOf, type Device, type DeviceId } from "@tutti/core";
import type { JournalledDevice } from "../journal/journal.ts";
import { type Client, isForsaken, works } from "./members.ts";

/** The devices that have registered, as a strategy sees them; only those that may have changed are looked at again. */
export interface DeviceList {
  /** The device, or where it lives, may be another than before. */
  touch(deviceId: DeviceId): void;
  /** In order of their ids. */
  list(): readonly Device[];
}

/** A list over `describe`, which answers undefined for a device that has not registered. */
export function createDeviceList(describe: (deviceId: DeviceId) => Device | undefined): DeviceList {
  const listed: (Device | undefined)[] = [];
  const touched = new Set<DeviceId>();
  return {
    touch: (deviceId) => void touched.add(deviceId),
    list() {
      for (const deviceId of touched) listed[deviceId] = describe(deviceId);
      touched.clear();
      return listed.filter((device) => device !== undefined);
    },
  };
}

/** Whether a device's task could go to this client now. */
export function hasReady(client: Client, deviceId: DeviceId): boolean {
  return works(client) && client.connection?.registered.has(deviceId) === true;
}

/** The device as a strategy sees it; none before it has registered. */
export function describeDevice(device: JournalledDevice, client: Client | undefined, isFixed: boolean): Device | undefined {
  const { deviceId, numExamples, wasReset, share = null } = device;
  if (numExamples === null) return undefined;
  const isConnected = client !== undefined && hasReady(client, deviceId);
  const holdsShare = !isFixed && share !== null && client?.hosting === "virtual";
  return {
    id: deviceId,
    numExamples,
    isConnected,
    ...(isForsaken(device, client) ? { hasLeft: true } : {}),
    ...(wasReset ? { wasReset } : {}),
    ...(holdsShare ? { share } : {}),
    ...(client?.isHelper === true ? { isHelper: true } : {}),
    ...(client?.isForwardOnly === true ? { isForwardOnly: true } : {}),
    ...machineOf(client),
  };
}

/** What a client said of its machine, once it is ready and all of it is known. */
function machineOf(client: Client | undefined): Pick<Device, "machine"> {
  const { profile = null, compute = null, bits = null } = client ?? {};
  const flopsPerSecond = profile?.flopsPerSecond ?? compute?.flopsPerSecond;
  if (profile === null || compute === null || flopsPerSecond === undefined) return {};
  return { machine: { ...profile, flopsPerSecond, baseForm: baseFormOf(compute.backend), bits: bits ?? 8 } };
}
