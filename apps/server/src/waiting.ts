import { noDeviceConnected } from "@tutti/core";

/** What keeps a client from work, as far as the roster knows. */
export interface ClientFacts {
  /** Null while it is away. */
  readonly connection: unknown;
  readonly isPaused: boolean;
  readonly hasDeclined: boolean;
}

/** The clients that are connected, and how many of them cannot work. */
export interface ClientCounts {
  readonly numConnected: number;
  readonly numPaused: number;
  /** Without those that are paused, too. */
  readonly numDeclined: number;
}

/** Counts clients in one pass, since every status asks for it. */
export function countClients(clients: Iterable<ClientFacts>): ClientCounts {
  const counts = { numConnected: 0, numPaused: 0, numDeclined: 0 };
  for (const { connection, isPaused, hasDeclined } of clients) {
    if (connection === null) continue;
    counts.numConnected += 1;
    if (isPaused) counts.numPaused += 1;
    else if (hasDeclined) counts.numDeclined += 1;
  }
  return counts;
}

/** Why a run waits, from the round loop's reason and its clients: a paused tab is not an absent one. */
export function whyWaiting(reason: string, { numConnected, numPaused, numDeclined }: ClientCounts): string {
  if (reason !== noDeviceConnected || numConnected === 0) return numPaused === 0 ? reason : `${reason}; ${are(numPaused, "paused")}`;
  if (numPaused === numConnected)
    return numPaused === 1 ? "the only connected tab is paused" : `all ${numPaused} connected tabs are paused`;
  const parts = [
    are(numPaused, "paused"),
    are(numDeclined, "unable to take part"),
    are(numConnected - numPaused - numDeclined, "getting ready"),
  ];
  return `no device can work yet: ${parts.filter((part) => part !== "").join(", ")}`;
}

function are(count: number, state: string): string {
  return count === 0 ? "" : `${count} ${count === 1 ? "tab is" : "tabs are"} ${state}`;
}
