import { sha256 } from "@noble/hashes/sha2.js";

/** SHA-256 in lower-case hex; by the browser where it offers that (secure contexts), otherwise in JavaScript. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  const digest = subtle === undefined ? sha256(bytes) : new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
