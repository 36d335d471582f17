import type { DeviceId } from "@tutti/core";

/** A client as dealing sees it. */
export interface Host {
  readonly key: string;
  /** Order of arrival, from 0. */
  readonly ordinal: number;
  readonly numDevices: number;
}

/** The devices as dealing sees them. */
export interface Guests {
  /** Free for anyone, in order of their ids; an orphan is one whose expected client is gone. */
  readonly free: readonly { readonly deviceId: DeviceId; readonly isOrphan: boolean }[];
  /** How many are free or live with a client. */
  readonly count: number;
  /** Of a client, those that can move without losing anything and without disturbing a task. */
  movableOf(clientKey: string): readonly DeviceId[];
}

/** How many clients are expected and how many devices each may host; null for no rule. */
export interface DealingRules {
  readonly expectedClients: number | null;
  readonly maxPerClient: number | null;
}

/**
 * Devices that a client gets when it arrives. With `expectedClients`, that number of first clients get device i by i mod expectedClients and later ones
 * get whatever is free. Without, a newcomer gets its even share: free devices first, then some of those who have more.
 */
export function dealToNewcomer(newcomer: Host, guests: Guests, hosts: readonly Host[], rules: DealingRules): DeviceId[] {
  const { expectedClients, maxPerClient } = rules;
  const room = (maxPerClient ?? Number.POSITIVE_INFINITY) - newcomer.numDevices;
  if (expectedClients !== null) {
    const isExpected = newcomer.ordinal < expectedClients;
    const own = guests.free.filter((guest) => !isExpected || guest.deviceId % expectedClients === newcomer.ordinal || guest.isOrphan);
    return own.slice(0, room).map((guest) => guest.deviceId);
  }
  const others = hosts.filter((host) => host.key !== newcomer.key);
  const share = Math.ceil(guests.count / (others.length + 1));
  const numWanted = Math.min(room, Math.max(guests.free.length, share - newcomer.numDevices));
  const dealt = guests.free.slice(0, numWanted).map((guest) => guest.deviceId);
  const taken = dealt.length < numWanted ? takeFromOthers(others, guests, share, numWanted - dealt.length) : [];
  return [...dealt, ...taken].sort((a, b) => a - b);
}

/** Devices of those who have more than `share`, the last ones first. */
function takeFromOthers(others: readonly Host[], guests: Guests, share: number, count: number): DeviceId[] {
  const rich = others.filter((host) => host.numDevices > share);
  const load = new Map(rich.map((host) => [host.key, host.numDevices]));
  const candidates = rich.flatMap(({ key }) => guests.movableOf(key).map((deviceId) => ({ deviceId, key })));
  const taken: DeviceId[] = [];
  for (const { deviceId, key } of candidates.sort((a, b) => b.deviceId - a.deviceId)) {
    if (taken.length >= count) break;
    const hosted = load.get(key) ?? 0;
    if (hosted <= share) continue;
    load.set(key, hosted - 1);
    taken.push(deviceId);
  }
  return taken;
}

/** The client that takes a homeless device: the one with the fewest, and of those the one that came first. Null when none has room. */
export function chooseHost(hosts: readonly Host[], { maxPerClient }: DealingRules): string | null {
  let best: Host | null = null;
  for (const host of hosts) {
    if (maxPerClient !== null && host.numDevices >= maxPerClient) continue;
    const isBetter =
      best === null || host.numDevices < best.numDevices || (host.numDevices === best.numDevices && host.ordinal < best.ordinal);
    if (isBetter) best = host;
  }
  return best?.key ?? null;
}
