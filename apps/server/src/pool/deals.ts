import type { JournalledDevice } from "../journal/journal.ts";
import { chooseHost, type DealingRules, dealToNewcomer, type Guests, type Host } from "./dealing.ts";
import { type GuestSources, listGuests } from "./guests.ts";
import type { HomesPorts, HomesWorld } from "./homesPorts.ts";
import { type Client, canHost, freshDevice, isAround, mayHaveState } from "./members.ts";

/** Who gets which devices, by what is known of clients and devices now. */
export interface Deals {
  /** Devices for a client that says hello, or, with `isAgain`, for one that was late and is ready now. */
  devicesFor(client: Client, isAgain: boolean): readonly JournalledDevice[];
  /** The client that takes a homeless device, if there is one. */
  hostFor(device: JournalledDevice): Client | undefined;
  /** Whether an open roster can take one more client. */
  hasRoom(): boolean;
}

/** What dealing looks at. */
export interface DealSources extends GuestSources {
  readonly world: Pick<HomesWorld, "clients" | "clientAt" | "lapsed">;
  readonly ports: Pick<HomesPorts, "config" | "isBusy" | "onLost">;
  /** The share for the next device of an open roster that asks for one. */
  nextShare(): number;
}

/** Deals over an index of devices; new devices of an open roster are put there. */
export function createDeals(sources: DealSources): Deals {
  const { index, isMovable, world, ports } = sources;
  const { config } = ports;
  const { maxDevices } = config.run;
  const isFixed = config.run.roster === "fixed";
  const guestsFor = (newcomer: Client | null): Guests => listGuests(newcomer, sources);

  function hosts(isAble: (client: Client) => boolean): Host[] {
    const able: Host[] = [];
    for (const client of world.clients.values()) {
      const { clientKey: key, ordinal } = client;
      if (client.hosting === "virtual" && isAble(client)) able.push({ key, ordinal, numDevices: index.numOf(key) });
    }
    return able;
  }

  function ofFixedRoster(client: Client, rules: DealingRules): JournalledDevice[] {
    const newcomer = { key: client.clientKey, ordinal: client.ordinal, numDevices: index.numOf(client.clientKey) };
    const others = rules.expectedClients === null ? hosts((other) => isAround(other) && !other.isLate) : [];
    return dealToNewcomer(newcomer, guestsFor(client), others, rules).flatMap((id) => index.get(id) ?? []);
  }

  /** An open roster's devices that a client gets: those that nobody ever registered and whose client is gone, rests or is late, then new ones, then places that have lapsed. */
  function ofOpenRoster(client: Client): JournalledDevice[] {
    const { hosting, clientKey } = client;
    const numWanted = (hosting === "own" ? 1 : (config.maxPerClient ?? 1)) - index.numOf(clientKey);
    if (numWanted <= 0) return [];
    const dealt = guestsFor(client)
      .free.slice(0, numWanted)
      .flatMap(({ deviceId }) => index.get(deviceId) ?? []);
    while (dealt.length < numWanted && index.size < maxDevices) {
      const device = freshDevice(index.size, hosting === "own" ? null : sources.nextShare());
      index.put(device);
      dealt.push(device);
    }
    return [...dealt, ...lapsedPlaces(client, numWanted - dealt.length)];
  }

  /** Places of a full open roster whose clients' leases have lapsed: who takes one begins there, and what the server keeps of it counts as 0. */
  function lapsedPlaces(newcomer: Client | null, count: number): JournalledDevice[] {
    if (count <= 0) return [];
    const others = world.lapsed().filter((client) => client !== newcomer);
    const places = others.flatMap(({ clientKey }) => index.of(clientKey)).slice(0, count);
    return places.map(({ deviceId, clientKey, share = null }) => {
      if (newcomer !== null) ports.onLost(deviceId);
      return { ...freshDevice(deviceId, newcomer?.hosting === "own" ? null : share), clientKey, wasReset: true };
    });
  }

  return {
    devicesFor(client, isAgain) {
      if (!isFixed) return ofOpenRoster(client);
      return ofFixedRoster(client, isAgain ? { ...config, expectedClients: null } : config);
    },
    hostFor(device) {
      if (!isFixed || !isMovable(device)) return undefined;
      // A host that may have the device's state comes before one where the device starts again (P-126).
      const keeping = chooseHost(
        hosts((client) => canHost(client) && mayHaveState(device, client, config)),
        config,
      );
      return world.clients.get(keeping ?? chooseHost(hosts(canHost), config) ?? "");
    },
    hasRoom: () => index.size < maxDevices || guestsFor(null).free.length > 0 || lapsedPlaces(null, 1).length > 0,
  };
}
