import { fullBucket, type TokenBucket, type TokenRate, takeToken } from "@tutti/core";
import type { Gate } from "./gate.ts";
import { isBearer } from "./tokens.ts";

/** Wrong tokens that one address may bring: a code word of three words must not be found by trying (P-186). */
const wrongTokens: TokenRate = { burst: 20, perSecond: 0.2 };

/** Addresses cost somebody nothing: the list of those that guess has an end. */
const maxAddresses = 10_000;

/** Whether a request may read what a run has tuned. */
export type ReadingVerdict = "yes" | "no" | "later";

/** What decides it. */
export interface ReadingPorts {
  readonly gate: Pick<Gate, "mayRead">;
  /** The operator's. */
  readonly controlToken: string;
  /** Milliseconds of uptime. */
  now(): number;
}

/** Judges requests by the token that they bring, and has those wait that bring wrong ones (P-186). */
export function createReading({
  gate,
  controlToken,
  now,
}: ReadingPorts): (authorization: string | undefined, address: string) => ReadingVerdict {
  const buckets = new Map<string, TokenBucket>();

  function mayGuess(address: string): boolean {
    const at = now();
    const { bucket, waitMs } = takeToken(buckets.get(address) ?? fullBucket(wrongTokens, at), wrongTokens, at);
    buckets.delete(address);
    const [first] = buckets.keys();
    if (buckets.size >= maxAddresses && first !== undefined) buckets.delete(first);
    buckets.set(address, bucket);
    return waitMs === 0;
  }

  return (authorization, address) => {
    if (gate.mayRead(undefined)) return "yes";
    if (authorization === undefined) return "no";
    if (!hasToken(buckets.get(address), now())) return "later";
    if (isBearer(authorization, controlToken) || gate.mayRead(/^Bearer (.{1,400})$/.exec(authorization)?.[1])) return "yes";
    return mayGuess(address) ? "no" : "later";
  };
}

/** Whether a wrong token more may come; looked at before the token, so that an answer says nothing once there are too many. */
function hasToken(bucket: TokenBucket | undefined, at: number): boolean {
  return bucket === undefined || takeToken(bucket, wrongTokens, at).waitMs === 0;
}
