import { ed25519 } from "@noble/curves/ed25519.js";
import { fromBase64Url, toBase64Url } from "./base64Url.ts";

/** A place in one run for whoever redeems it first (P-103). */
export interface Invitation {
  readonly runId: string;
  /** Random, of letters, digits, _ and -. */
  readonly id: string;
  /** Seconds since 1970 after which nobody can redeem it; 0 for never. */
  readonly expiresAt: number;
}

const encoder = new TextEncoder();

/** An invitation as links carry it: id, end and signature, parted by dots. `privateKey` is the run's, of 32 bytes. */
export function writeInvitation(invitation: Invitation, privateKey: Uint8Array): string {
  const { id, expiresAt } = invitation;
  return `${id}.${expiresAt}.${toBase64Url(ed25519.sign(invitationBytes(invitation), privateKey))}`;
}

/** The parts of an invitation to a run, whose signature is still to be checked; null where the text is not one. */
export function readInvitation(text: string, runId: string): { readonly invitation: Invitation; readonly signature: Uint8Array } | null {
  const [, id, end, signed] = /^([A-Za-z0-9_-]{1,32})\.(0|[1-9]\d{0,11})\.([A-Za-z0-9_-]{86})$/.exec(text) ?? [];
  const signature = signed === undefined ? null : fromBase64Url(signed);
  return id === undefined || signature === null ? null : { invitation: { runId, id, expiresAt: Number(end) }, signature };
}

/** What a run signs of an invitation (P-103). */
export function invitationBytes({ runId, id, expiresAt }: Invitation): Uint8Array {
  return encoder.encode(JSON.stringify(["tutti invitation", runId, id, expiresAt]));
}

/** The public half of a run's key. */
export function invitationKey(privateKey: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(privateKey);
}
