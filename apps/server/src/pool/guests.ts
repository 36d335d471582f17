import type { DeviceId } from "@tutti/core";
import type { JournalledDevice } from "../journal/journal.ts";
import type { Guests } from "./dealing.ts";
import type { DeviceIndex } from "./deviceIndex.ts";
import type { HomesPorts, HomesWorld } from "./homesPorts.ts";
import { type Client, isForsaken } from "./members.ts";

/** What is known of who hosts what. */
export interface GuestSources {
  readonly index: DeviceIndex;
  /** Clients that may have devices which are free for others. */
  readonly forsaking: Iterable<Client>;
  readonly world: Pick<HomesWorld, "clientAt">;
  readonly ports: Pick<HomesPorts, "config" | "isBusy">;
  isMovable(device: JournalledDevice): boolean;
  movesFreely(device: JournalledDevice): boolean;
  hostOf(device: JournalledDevice): Client | undefined;
}

/** The devices as dealing sees them when a client comes; null for anyone. */
export function listGuests(newcomer: Client | null, sources: GuestSources): Guests {
  const { index, forsaking, isMovable, movesFreely, hostOf, world, ports } = sources;
  const { expectedClients } = ports.config;
  const isBusy = ({ deviceId }: JournalledDevice) => ports.isBusy(deviceId);

  /** One with a task out ends that first, unless the client is gone. */
  function forsakenOf(client: Client): readonly JournalledDevice[] {
    const devices = index.of(client.clientKey).filter((device) => isForsaken(device, client));
    return client.isGone ? devices : devices.filter((device) => !isBusy(device));
  }

  const forsaken = [...index.of(null), ...[...forsaking].flatMap(forsakenOf)].sort((a, b) => a.deviceId - b.deviceId);
  const isOrphan = (id: DeviceId) => expectedClients !== null && world.clientAt(id % expectedClients)?.isGone === true;
  const isLost = (device: JournalledDevice) => !isMovable(device) && hostOf(device)?.isGone !== false;
  /** A client that rests keeps the devices that would lose their state. */
  const isLeft = (device: JournalledDevice) => {
    const host = hostOf(device);
    return movesFreely(device) || host?.isPaused !== true || host.isGone || host.hasDeclined || host.isLate;
  };
  return {
    free: forsaken
      .filter((device) => device.clientKey !== newcomer?.clientKey && isMovable(device) && isLeft(device))
      .map(({ deviceId }) => ({ deviceId, isOrphan: isOrphan(deviceId) })),
    count: index.size - forsaken.filter(isLost).length,
    movableOf: (key) =>
      index.of(key).flatMap((device) => (isMovable(device) && movesFreely(device) && !isBusy(device) ? [device.deviceId] : [])),
  };
}
