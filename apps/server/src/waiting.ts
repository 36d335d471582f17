import { noDeviceConnected } from "@tutti/core";

/** What keeps a client from work, as far as the roster knows. */
export interface ClientFacts {
  /** Null while it is away. */
  readonly connection: unknown;
  readonly isPaused: boolean;
  readonly hasDeclined: boolean;
}

/** Why a run waits, from the round loop's reason and its clients: a paused tab is not an absent one. */
export function whyWaiting(reason: string, clients: readonly ClientFacts[]): string {
  const connected = clients.filter(({ connection }) => connection !== null);
  const numPaused = connected.filter(({ isPaused }) => isPaused).length;
  if (reason !== noDeviceConnected || connected.length === 0) return numPaused === 0 ? reason : `${reason}; ${are(numPaused, "paused")}`;
  if (numPaused === connected.length)
    return numPaused === 1 ? "the only connected tab is paused" : `all ${numPaused} connected tabs are paused`;
  const numDeclined = connected.filter(({ isPaused, hasDeclined }) => hasDeclined && !isPaused).length;
  const parts = [
    are(numPaused, "paused"),
    are(numDeclined, "unable to take part"),
    are(connected.length - numPaused - numDeclined, "getting ready"),
  ];
  return `no device can work yet: ${parts.filter((part) => part !== "").join(", ")}`;
}

function are(count: number, state: string): string {
  return count === 0 ? "" : `${count} ${count === 1 ? "tab is" : "tabs are"} ${state}`;
}
