import type { JournalledClient } from "../journal/journal.ts";
import { stepsBarred } from "./clientStanding.ts";
import type { Client } from "./members.ts";

/** The clients that have said hello to this run, by key and by order of arrival. */
export interface ClientTable {
  /** By key, in order of arrival. */
  readonly all: ReadonlyMap<string, Client>;
  /** The client that came as number `ordinal`. */
  at(ordinal: number): Client | undefined;
  /** The number of the next client that comes. */
  nextOrdinal(): number;
  /** A client that is not connected yet. */
  add(record: JournalledClient): Client;
  remove(client: Client): void;
}

/** A table of the clients that an earlier process knew. */
export function createClientTable(known: readonly JournalledClient[]): ClientTable {
  const all = new Map<string, Client>();
  const byOrdinal = new Map<number, Client>();
  let numArrivals = 0;

  function add(record: JournalledClient): Client {
    const client = absent(record);
    all.set(client.clientKey, client);
    byOrdinal.set(client.ordinal, client);
    numArrivals = Math.max(numArrivals, client.ordinal + 1);
    return client;
  }

  for (const record of known) add(record);
  return {
    all,
    at: (ordinal) => byOrdinal.get(ordinal),
    nextOrdinal: () => numArrivals,
    add,
    remove({ clientKey, ordinal }) {
      all.delete(clientKey);
      byOrdinal.delete(ordinal);
    },
  };
}

/** A client that is not connected; of an earlier process's it is not known what they bring, and a device's record says whether it holds a share. */
function absent(record: JournalledClient): Client {
  return {
    ...record,
    hosting: "virtual",
    connection: null,
    isPaused: false,
    hasDeclined: false,
    isSilent: false,
    isGone: false,
    owesSince: null,
    isLate: false,
    isTrusted: false,
    numFailures: record.failures ?? 0,
    isProven: false,
    barredUntil: stepsBarred(record.failures ?? 0),
    compute: null,
    profile: null,
    isForwardOnly: false,
    bits: null,
    progress: null,
    cancelGrace: () => undefined,
    cancelLateness: () => undefined,
  };
}
