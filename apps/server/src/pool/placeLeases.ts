import type { Clock } from "./clock.ts";
import type { Client } from "./members.ts";

/** For how long clients have not been of use, and which of them have lost the right to their places by that (P-111). */
export interface PlaceLeases {
  /** Something that decides whether the client is of use may have changed. */
  watch(client: Client): void;
  /** A contribution of its was accepted: its lease begins again. */
  worked(client: Client): void;
  hasLapsed(client: Client): boolean;
  /** Clients whose lease has lapsed, of those that hold a place. */
  lapsed(holdsPlace: (client: Client) => boolean): readonly Client[];
  forget(client: Client): void;
}

/** How long a client was of no use since its last contribution, in uptime. */
interface Idleness {
  /** In times that are over: who comes back for a moment begins no new lease. */
  beforeMs: number;
  /** Null while it is of use. */
  since: number | null;
}

/** Whether a client does nothing for the run: it is away, rests, cannot take part, or lets tasks pass in silence. */
export function isIdle({ connection, isPaused, hasDeclined, isSilent }: Client): boolean {
  return connection === null || isPaused || hasDeclined || isSilent;
}

/** Leases that lapse after `leaseMs`; a place whose lease has lapsed stays with its client until somebody else needs it. */
export function createPlaceLeases(leaseMs: number, clock: Pick<Clock, "now">): PlaceLeases {
  const idle = new Map<Client, Idleness>();
  /** No lease lapses before: while a run is full of clients that work, a newcomer is refused without a look at each. */
  let nothingBefore = Number.POSITIVE_INFINITY;

  const idleMs = ({ beforeMs, since }: Idleness): number => beforeMs + (since === null ? 0 : clock.now() - since);

  function hasLapsed(client: Client): boolean {
    const idleness = idle.get(client);
    return idleness !== undefined && idleness.since !== null && idleMs(idleness) >= leaseMs;
  }

  return {
    watch(client) {
      const known = idle.get(client) ?? { beforeMs: 0, since: null };
      if (isIdle(client) === (known.since !== null)) return;
      if (known.since === null) {
        known.since = clock.now();
        nothingBefore = Math.min(nothingBefore, known.since + leaseMs - known.beforeMs);
      } else {
        known.beforeMs = idleMs(known);
        known.since = null;
      }
      idle.set(client, known);
    },
    worked(client) {
      idle.delete(client);
    },
    hasLapsed,
    lapsed(holdsPlace) {
      if (clock.now() < nothingBefore) return [];
      const ends = [...idle].flatMap(([client, { since, beforeMs }]) =>
        since === null || !holdsPlace(client) ? [] : [{ client, endsAt: since + leaseMs - beforeMs }],
      );
      nothingBefore = Math.min(...ends.map(({ endsAt }) => endsAt));
      return ends.filter(({ endsAt }) => endsAt <= clock.now()).map(({ client }) => client);
    },
    forget(client) {
      idle.delete(client);
    },
  };
}
