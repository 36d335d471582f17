import type { Client } from "./members.ts";
import type { CurrentStep } from "./openStep.ts";

/** Which clients do what they are given (P-29). */
export interface ClientStanding {
  /** The client did not do what it was given, and is given less for a while. */
  doubt(client: Client | null): void;
  /** The client did a task. */
  trust(client: Client): void;
  isTrusted(client: Client): boolean;
}

/** A client is given no device that lives elsewhere for 2^k steps after k failures in a row, but for no more steps than this. */
const maxBarredSteps = 64;

/** Steps for which a client is given no device that lives elsewhere, by its number of failures in a row. */
export function stepsBarred(numFailures: number): number {
  return numFailures === 0 ? 0 : Math.min(maxBarredSteps, 2 ** numFailures);
}

/** Standing in the steps of this process. `remember` journals a client's failures; null in runs that do not look at them after a restart. */
export function createClientStanding(current: CurrentStep, remember: ((client: Client) => void) | null): ClientStanding {
  return {
    isTrusted: ({ barredUntil }) => barredUntil < current.numOpened,
    doubt(client) {
      if (client === null) return;
      client.numFailures += 1;
      client.barredUntil = current.numOpened + stepsBarred(client.numFailures);
      client.isProven = false;
      remember?.(client);
    },
    trust(client) {
      const hadFailed = client.numFailures > 0;
      Object.assign(client, { numFailures: 0, barredUntil: 0, isProven: true });
      if (hadFailed) remember?.(client);
    },
  };
}
