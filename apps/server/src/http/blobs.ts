import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { BlobRef } from "@tutti/protocol";

/** Content-addressed bytes that are served as long as someone holds them. */
export interface BlobStore {
  /** Adds bytes under their hash, held by `holder` until it lets go. */
  hold(holder: string, bytes: Uint8Array): BlobRef;
  /** The holder lets go of everything but these hashes; what nobody holds is gone. */
  keepOnly(holder: string, sha256s: ReadonlySet<string>): void;
  get(sha256: string): Uint8Array | null;
  /** Whether someone holds it whose name fits. */
  isHeldBy(sha256: string, fits: (holder: string) => boolean): boolean;
  /** The same bytes in gzip, made once however many clients ask; null where there is no such blob, gzip would not make it smaller, or it is fetched once. */
  compressed(sha256: string): Promise<Uint8Array | null>;
}

interface Blob {
  readonly bytes: Uint8Array;
  readonly holders: Set<string>;
  gzipped: Promise<Uint8Array> | null;
}

const compress = promisify(gzip);

/** Lower-case hexadecimal SHA-256, by Node: many times as fast as core's, and blobs are large while every client waits. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * An empty store in memory. Where everyone who holds a blob has a name that `isFetchedOnce` fits, it is not compressed: its one reader would wait for
 * gzip, and numbers in f32 hardly shrink.
 */
export function createBlobStore(isFetchedOnce: (holder: string) => boolean = () => false): BlobStore {
  const blobs = new Map<string, Blob>();
  /** What each holder holds: one that lets go takes no look at the blobs of others. */
  const held = new Map<string, Set<string>>();
  return {
    hold(holder, bytes) {
      const sha256 = sha256Of(bytes);
      const blob = blobs.get(sha256) ?? { bytes, holders: new Set(), gzipped: null };
      blob.holders.add(holder);
      blobs.set(sha256, blob);
      held.set(holder, (held.get(holder) ?? new Set()).add(sha256));
      return { sha256, numBytes: bytes.length };
    },
    keepOnly(holder, sha256s) {
      const own = held.get(holder);
      for (const sha256 of own ?? []) {
        if (sha256s.has(sha256)) continue;
        const holders = blobs.get(sha256)?.holders;
        holders?.delete(holder);
        if (holders?.size === 0) blobs.delete(sha256);
        own?.delete(sha256);
      }
      if (own?.size === 0) held.delete(holder);
    },
    get: (sha256) => blobs.get(sha256)?.bytes ?? null,
    isHeldBy: (sha256, fits) => [...(blobs.get(sha256)?.holders ?? [])].some(fits),
    async compressed(sha256) {
      const blob = blobs.get(sha256);
      if (blob === undefined || [...blob.holders].every(isFetchedOnce)) return null;
      blob.gzipped ??= compress(blob.bytes);
      const gzipped = await blob.gzipped;
      return gzipped.length < blob.bytes.length ? gzipped : null;
    },
  };
}
