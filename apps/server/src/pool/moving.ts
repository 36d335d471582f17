import type { DeviceId } from "@tutti/core";
import type { JournalledDevice } from "../journal/journal.ts";
import { createAssignments } from "./assignments.ts";
import type { Deals } from "./deals.ts";
import type { Deciding } from "./deciding.ts";
import type { DeviceIndex } from "./deviceIndex.ts";
import type { HomesPorts, HomesWorld } from "./homesPorts.ts";
import type { Client } from "./members.ts";

/** What moving devices needs of their homes. */
export interface MoveSources {
  readonly ports: Pick<HomesPorts, "onLost">;
  readonly world: Pick<HomesWorld, "onAssigned">;
  readonly index: DeviceIndex;
  readonly deciding: Pick<Deciding, "handOver">;
  readonly deals: Pick<Deals, "hostFor">;
  hostOf(device: JournalledDevice): Client | undefined;
  isMovable(device: JournalledDevice): boolean;
  save(device: JournalledDevice): void;
}

/** Moves devices between clients, and tells those that hear of it. */
export interface Moves {
  /** The device lives there from now on; where it lived before, it must be registered again before it gets a task. */
  settle(device: JournalledDevice, clientKey: string): JournalledDevice;
  /** The same, and its client is assigned the device. */
  moveTo(device: JournalledDevice, client: Client): void;
  /** Moves a device to another client, or lets it go homeless. */
  rehome(device: JournalledDevice): void;
  /** Moves what nobody could take when it was given up. */
  rehomeHomeless(): void;
}

/** Moves over an index of devices. */
export function createMoves({ ports, world, index, deciding, deals, hostOf, isMovable, save }: MoveSources): Moves {
  /** Devices that were given up while nobody could host them. */
  const homeless = new Set<DeviceId>();
  const assignments = createAssignments(({ clientKey }, deviceId) => index.get(deviceId)?.clientKey === clientKey);

  function settle(device: JournalledDevice, clientKey: string): JournalledDevice {
    const before = hostOf(device);
    before?.connection?.registered.delete(device.deviceId);
    if (before?.connection?.isWelcomed === true && before.clientKey !== clientKey) before.connection.moved([device.deviceId]);
    const settled = { ...device, clientKey };
    save(settled);
    return settled;
  }

  function moveTo(device: JournalledDevice, client: Client): void {
    const moved = settle(device, client.clientKey);
    const { connection } = client;
    if (connection === null) return;
    assignments.add(client, connection, deciding.handOver(moved, client));
    world.onAssigned(client);
  }

  function rehome(device: JournalledDevice): void {
    const host = deals.hostFor(device);
    if (host !== undefined) {
      moveTo(device, host);
      return;
    }
    if (isMovable(device) && hostOf(device)?.isGone !== false) {
      save({ ...device, clientKey: null });
      homeless.add(device.deviceId);
    }
    ports.onLost(device.deviceId);
  }

  return {
    settle,
    moveTo,
    rehome,
    rehomeHomeless() {
      const waiting = [...homeless].sort((a, b) => a - b);
      homeless.clear();
      for (const device of waiting.flatMap((deviceId) => index.get(deviceId) ?? [])) if (device.clientKey === null) rehome(device);
    },
  };
}
