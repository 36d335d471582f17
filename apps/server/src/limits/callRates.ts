import { fullBucket, returnToken, type TokenBucket, type TokenRate, takeToken } from "@tutti/core";
import { type CallName, limits, type Refusal, refuse } from "@tutti/protocol";
import type { Clock } from "../pool/clock.ts";

/** As many devices as one client may host register, submit what is pending, or decline at once. */
const forEachDevice = { burst: 2 * limits.maxDevicesPerClient, perSecond: 50 };

/** What one client may send (P-142): several times what a client does that means well, whatever the run. */
export const callRates = {
  hello: { burst: 20, perSecond: 1 },
  loading: { burst: 20, perSecond: 2 },
  register: forEachDevice,
  submit: forEachDevice,
  decline: forEachDevice,
  progress: { burst: 2 * limits.maxDevicesPerClient, perSecond: 200 },
  pause: { burst: 20, perSecond: 2 },
  leave: { burst: 20, perSecond: 1 },
  /** Its answer may be long (P-145). */
  receipt: { burst: 5, perSecond: 0.2 },
  withdraw: { burst: 20, perSecond: 1 },
  declineState: forEachDevice,
} as const satisfies Partial<Record<CallName, TokenRate>>;

/** Refusals of a socket's calls before it is closed (P-143). */
export const refusalRate: TokenRate = { burst: 200, perSecond: 5 };

/** Refusals that are logged one by one; what comes faster is counted alone, so that nobody fills the disk. */
export const loggedRate: TokenRate = { burst: 20, perSecond: 0.2 };

type RatedCall = keyof typeof callRates;

/** What a client, or a socket before its hello, has left of each rate. */
export interface CallRates {
  /** Counts a call; why it may not be made now, or null. */
  take(name: string): Refusal | null;
  /** A call was of use: it does not count. */
  giveBack(name: RatedCall): void;
  /** Counts a refusal; whether it is to be logged, and whether the socket has had too many. */
  refused(): { readonly isLogged: boolean; readonly isTooMany: boolean };
}

/** Somebody who has called nothing yet. */
export function createCallRates({ now }: Pick<Clock, "now">): CallRates {
  const buckets = new Map<string, TokenBucket>();

  function taken(name: string, rate: TokenRate): number {
    const nowMs = now();
    const { bucket, waitMs } = takeToken(buckets.get(name) ?? fullBucket(rate, nowMs), rate, nowMs);
    buckets.set(name, bucket);
    return waitMs;
  }

  return {
    take(name) {
      if (!isRated(name)) return null; // refused under P-4
      const rate = callRates[name];
      const waitMs = taken(name, rate);
      if (waitMs === 0) return null;
      return refuse("P-142", `${name}: at most ${rate.burst} at once and ${rate.perSecond} a second, again in ${waitMs} ms`);
    },
    giveBack(name) {
      const bucket = buckets.get(name);
      if (bucket !== undefined) buckets.set(name, returnToken(bucket, callRates[name]));
    },
    refused: () => ({ isLogged: taken("logged", loggedRate) === 0, isTooMany: taken("refusals", refusalRate) > 0 }),
  };
}

function isRated(name: string): name is RatedCall {
  return Object.hasOwn(callRates, name);
}
