import type { DeviceId } from "@tutti/core";

/** A client as dealing sees it. */
export interface Host {
  readonly key: string;
  /** Order of arrival, from 0. */
  readonly ordinal: number;
  readonly numDevices: number;
}

/** A virtual device as dealing sees it. */
export interface Guest {
  readonly deviceId: DeviceId;
  /** Null while it is homeless. */
  readonly clientKey: string | null;
  /** Whether it can move without losing anything and without disturbing a task. */
  readonly canMove: boolean;
  /** Whether the expected client of its number is gone, so that anyone may take it. */
  readonly isOrphan: boolean;
}

export interface DealingRules {
  readonly expectedClients: number | null;
  readonly maxPerClient: number | null;
}

/**
 * Devices that a client gets when it arrives. With `expectedClients`, the first so many clients get device i by i mod expectedClients and later ones
 * get whatever is homeless. Without, a newcomer gets its even share: homeless devices first, then some of those who have more.
 */
export function dealToNewcomer(newcomer: Host, guests: readonly Guest[], hosts: readonly Host[], rules: DealingRules): DeviceId[] {
  const { expectedClients, maxPerClient } = rules;
  const room = (maxPerClient ?? Number.POSITIVE_INFINITY) - newcomer.numDevices;
  const homeless = guests.filter((guest) => guest.clientKey === null);
  if (expectedClients !== null) {
    const isExpected = newcomer.ordinal < expectedClients;
    const own = homeless.filter((guest) => !isExpected || guest.deviceId % expectedClients === newcomer.ordinal || guest.isOrphan);
    return own.slice(0, room).map((guest) => guest.deviceId);
  }
  const others = hosts.filter((host) => host.key !== newcomer.key);
  const share = Math.ceil(guests.length / (others.length + 1));
  const numWanted = Math.min(room, Math.max(homeless.length, share - newcomer.numDevices));
  const dealt = homeless.slice(0, numWanted).map((guest) => guest.deviceId);
  const load = new Map(others.map((host) => [host.key, host.numDevices]));
  for (const guest of guests.filter((candidate) => candidate.canMove && candidate.clientKey !== newcomer.key).reverse()) {
    if (dealt.length >= numWanted) break;
    const hosted = guest.clientKey === null ? undefined : load.get(guest.clientKey);
    if (guest.clientKey === null || hosted === undefined || hosted <= share) continue;
    load.set(guest.clientKey, hosted - 1);
    dealt.push(guest.deviceId);
  }
  return dealt.sort((a, b) => a - b);
}

/** The client that takes a homeless device: the one with the fewest, and of those the one that came first. Null when none has room. */
export function chooseHost(hosts: readonly Host[], { maxPerClient }: DealingRules): string | null {
  const withRoom = hosts.filter((host) => maxPerClient === null || host.numDevices < maxPerClient);
  const [best] = [...withRoom].sort((a, b) => a.numDevices - b.numDevices || a.ordinal - b.ordinal);
  return best?.key ?? null;
}
