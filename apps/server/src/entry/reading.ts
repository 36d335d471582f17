import type { IncomingMessage } from "node:http";
import { clientAddress, fullBucket, quotaAddress, type TokenBucket, type TokenRate, takeToken } from "@tutti/core";
import { isBearer } from "./tokens.ts";

/** Wrong tokens that one address may bring: a code word of three words must not be found by trying (P-186). */
const wrongTokens: TokenRate = { burst: 20, perSecond: 0.2 };

/** Addresses cost somebody nothing: the list of those that guess has an end. */
const maxAddresses = 10_000;

/**
 * Whether a request may read something of a run; `later` where too many wrong tokens came from its address, `laterBehindProxy` where that is
 * a proxy that is not trusted, so that all its visitors count as one.
 */
export type ReadingVerdict = "yes" | "no" | "later" | "laterBehindProxy";

/** Judges a request by the token that it brings. */
export type Reading = (request: Pick<IncomingMessage, "headers" | "socket">) => ReadingVerdict;

/** What decides it. */
export interface ReadingPorts {
  /** Whether a code word or an invitation lets who brings it read, or whether everybody may, who brings none. */
  lets(token: string | undefined): boolean;
  /** The operator's. */
  readonly controlToken: string;
  /** Of all that is read: who guesses at one place has fewer tries at the others. */
  readonly guesses: Guesses;
  /** Proxies whose X-Forwarded-For is believed. */
  readonly trustProxy: number;
}

/** Counts wrong tokens by address. */
export interface Guesses {
  /** Whether one more may come; asked before a token is looked at, so that an answer says nothing once there are too many. */
  mayCome(address: string): boolean;
  /** One came. */
  note(address: string): void;
}

/** Nobody has guessed yet; `now` is in milliseconds of uptime. */
export function createGuesses(now: () => number): Guesses {
  const buckets = new Map<string, TokenBucket>();
  const taken = (address: string) => takeToken(buckets.get(address) ?? fullBucket(wrongTokens, now()), wrongTokens, now());
  return {
    mayCome: (address) => taken(address).waitMs === 0,
    note(address) {
      const { bucket } = taken(address);
      buckets.delete(address);
      const [first] = buckets.keys();
      if (buckets.size >= maxAddresses && first !== undefined) buckets.delete(first);
      buckets.set(address, bucket);
    },
  };
}

/** Judges requests by the token that they bring, and has those wait that bring wrong ones (P-186); the operator's, which nobody guesses, always opens. */
export function createReading({ lets, controlToken, guesses, trustProxy }: ReadingPorts): Reading {
  return ({ headers, socket }) => {
    const { authorization, "x-forwarded-for": forwardedFor } = headers;
    if (lets(undefined)) return "yes";
    if (authorization === undefined) return "no";
    if (isBearer(authorization, controlToken)) return "yes";
    const address = clientAddress({ remote: socket.remoteAddress ?? "", forwardedFor: [forwardedFor ?? []].flat().join(",") }, trustProxy);
    const name = quotaAddress(address) ?? address;
    if (!guesses.mayCome(name)) return isProxied(headers, trustProxy) ? "laterBehindProxy" : "later";
    if (lets(/^Bearer (.{1,400})$/.exec(decoded(authorization))?.[1])) return "yes";
    guesses.note(name);
    return "no";
  };
}

/** Whether a request says that it came through a proxy, which nobody has named as trusted: then all who come that way have one address. */
export function isProxied(headers: IncomingMessage["headers"], trustProxy: number): boolean {
  return trustProxy === 0 && (headers["x-forwarded-for"] !== undefined || headers.forwarded !== undefined);
}

/** What the operator should know of such a proxy. */
export const untrustedProxy =
  "requests come through a proxy (X-Forwarded-For) and --trust-proxy is not given: all visitors count as one address, also when somebody tries wrong code words; start with --trust-proxy 1, or the number of proxies";

/** A code word may have letters that no header has: those come percent-encoded. */
function decoded(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}
