import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** The platform's digest, which only secure contexts have. */
interface Platform {
  readonly crypto?: { readonly subtle?: { digest(name: "SHA-256", bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> } };
}

/** Lower-case hexadecimal SHA-256 of bytes, at once and everywhere: for small bytes, or where nothing may be awaited. */
export function sha256HexSync(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

/** The same, by the platform where it has a digest, which is several times as fast and blocks nobody: for what is downloaded. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const { crypto } = globalThis as Platform;
  if (crypto?.subtle === undefined) return sha256HexSync(bytes);
  return bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
