import { type Refusal, refuse } from "@tutti/protocol";

/** Where a client comes from, as far as it is counted. */
export interface Origin {
  /** Name that its address counts under; null on private networks, which are not counted. */
  readonly address: string | null;
  /** Name of the token that let it in; null where runs have none. */
  readonly token: string | null;
}

/** What quotas look at. */
export interface QuotaSources {
  /** Clients that one address may have; null for no bound. */
  readonly maxPerAddress: number | null;
  /** Clients that one token may let in; null for no bound. */
  readonly maxPerToken: number | null;
  /** Whether a client is connected or holds a place that has not lapsed. */
  isHere(clientKey: string): boolean;
}

/** Counts clients by where they come from (P-112, P-113). */
export interface Quotas {
  /** Why a client may not come from there, or null; from then on it counts. */
  admit(clientKey: string, origin: Origin): Refusal | null;
  forget(clientKey: string): void;
}

/** Quotas that nobody has used yet. Who is gone is noticed when a quota is full, so that a hello costs the same whoever else is there. */
export function createQuotas({ maxPerAddress, maxPerToken, isHere }: QuotaSources): Quotas {
  const byName = new Map<string, Set<string>>();
  const namesOf = new Map<string, readonly string[]>();

  function hasRoom(name: string, max: number): boolean {
    const keys = byName.get(name);
    if (keys === undefined || keys.size < max) return true;
    for (const key of keys) if (!isHere(key)) forget(key);
    return keys.size < max;
  }

  function forget(clientKey: string): void {
    for (const name of namesOf.get(clientKey) ?? []) {
      const keys = byName.get(name);
      keys?.delete(clientKey);
      if (keys?.size === 0) byName.delete(name);
    }
    namesOf.delete(clientKey);
  }

  return {
    admit(clientKey, { address, token }) {
      const counted = namesOf.get(clientKey) ?? [];
      const [addressName, tokenName] = [`address ${address}`, `token ${token}`];
      const isCrowded = (name: string, max: number) => !counted.includes(name) && !hasRoom(name, max);
      if (address !== null && maxPerAddress !== null && isCrowded(addressName, maxPerAddress))
        return refuse("P-112", `this run takes at most ${maxPerAddress} clients from one address: close a tab there, or come later`, {
          kind: "addressFull",
          most: maxPerAddress,
        });
      if (token !== null && maxPerToken !== null && isCrowded(tokenName, maxPerToken))
        return refuse("P-113", `this run takes at most ${maxPerToken} clients by one invitation: ask for another one`, {
          kind: "tokenFull",
          most: maxPerToken,
        });
      forget(clientKey); // it may have come from elsewhere before
      const names = [...(address === null ? [] : [addressName]), ...(token === null ? [] : [tokenName])];
      for (const name of names) byName.set(name, (byName.get(name) ?? new Set()).add(clientKey));
      if (names.length > 0) namesOf.set(clientKey, names);
      return null;
    },
    forget,
  };
}
