import { createHash } from "node:crypto";
import type { BlobRef } from "@tutti/protocol";

/** Content-addressed bytes that are served as long as someone holds them. */
export interface BlobStore {
  /** Adds bytes under their hash, held by `holder` until it lets go. */
  hold(holder: string, bytes: Uint8Array): BlobRef;
  /** The holder lets go of everything but these hashes; what nobody holds is gone. */
  keepOnly(holder: string, sha256s: ReadonlySet<string>): void;
  get(sha256: string): Uint8Array | null;
}

/** Lower-case hexadecimal SHA-256. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** An empty store in memory. */
export function createBlobStore(): BlobStore {
  const blobs = new Map<string, { bytes: Uint8Array; holders: Set<string> }>();
  return {
    hold(holder, bytes) {
      const sha256 = sha256Of(bytes);
      const blob = blobs.get(sha256) ?? { bytes, holders: new Set() };
      blob.holders.add(holder);
      blobs.set(sha256, blob);
      return { sha256, numBytes: bytes.length };
    },
    keepOnly(holder, sha256s) {
      for (const [sha256, { holders }] of blobs) {
        if (sha256s.has(sha256)) continue;
        holders.delete(holder);
        if (holders.size === 0) blobs.delete(sha256);
      }
    },
    get: (sha256) => blobs.get(sha256)?.bytes ?? null,
  };
}
