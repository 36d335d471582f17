import { randomBytes } from "node:crypto";
import {
  fromBase64Url,
  invitationBytes,
  invitationKey,
  type Refusal,
  readInvitation,
  refuse,
  toBase64Url,
  writeInvitation,
} from "@tutti/protocol";
import { isSigned } from "./proofs.ts";
import type { Standings } from "./standings.ts";
import { tokenIn } from "./tokens.ts";

/** Where a run's invitations come from. */
export interface InvitationSources {
  readonly runId: string;
  /** The run's folder, which keeps the private key. */
  readonly folder: string;
  readonly standings: Standings;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Makes invitations to a run, and takes them back (P-103). */
export interface Invitations {
  /** `days` from now on nobody can redeem it any more; null for no end. */
  invite(days: number | null): string;
  /** Whether an invitation is one to this run that has not ended, redeemed or not; one whose holder is banned is worth nothing. */
  isGenuine(token: string): boolean;
  /** Binds an invitation to the client that brings it; a client that has redeemed one needs none. Or says why not. */
  redeem(clientKey: string, token: string | undefined): Refusal | null;
}

const dayMs = 86_400_000;

/** The invitations of a run, whose key is made when it is first needed. */
export function createInvitations({ runId, folder, standings, now }: InvitationSources): Invitations {
  let key: Uint8Array | null = null;
  const privateKey = () => {
    key ??= fromBase64Url(tokenIn(folder, "invitations.key", () => toBase64Url(randomBytes(32)))) ?? new Uint8Array();
    return key;
  };
  let known: Uint8Array | null = null;
  const publicKey = () => {
    known ??= invitationKey(privateKey());
    return known;
  };
  return {
    invite(days) {
      const expiresAt = days === null ? 0 : Math.floor((now() + days * dayMs) / 1000);
      return writeInvitation({ runId, id: toBase64Url(randomBytes(12)), expiresAt }, privateKey());
    },
    isGenuine(token) {
      const read = readInvitation(token, runId);
      if (read === null || !isSigned(invitationBytes(read.invitation), publicKey(), read.signature)) return false;
      const { id, expiresAt } = read.invitation;
      const holder = standings.holderOf(id);
      if (holder !== null && standings.of(holder).isBanned) return false;
      return expiresAt === 0 || now() < expiresAt * 1000;
    },
    redeem(clientKey, token) {
      if (standings.of(clientKey).invitation !== null) return null;
      if (token === undefined)
        return refuse("P-103", "this run is by invitation: open the link that you were sent", { kind: "invitationMissing" });
      const read = readInvitation(token, runId);
      if (read === null || !isSigned(invitationBytes(read.invitation), publicKey(), read.signature))
        return refuse("P-103", "the invitation is not one to this run: open the link that you were sent, as a whole", {
          kind: "invitationForeign",
        });
      const { id, expiresAt } = read.invitation;
      const holder = standings.holderOf(id);
      if (holder !== null && holder !== clientKey)
        return refuse("P-103", "the invitation has been used by somebody else, or in another browser: ask for one of your own", {
          kind: "invitationUsed",
        });
      if (expiresAt !== 0 && now() >= expiresAt * 1000)
        return refuse("P-103", `the invitation ended on ${new Date(expiresAt * 1000).toISOString()}: ask for another one`, {
          kind: "invitationEnded",
          at: expiresAt,
        });
      standings.change(clientKey, { invitation: id });
      return null;
    },
  };
}
