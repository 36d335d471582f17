import { type Params, sha256Hex } from "@tutti/core";
import { type BlobRef, decodeParams } from "@tutti/protocol";

/** The coordinator no longer has the blob: whatever named it is over (P-62). */
export class BlobGone extends Error {
  override readonly name = "BlobGone";
}

/** The coordinator cannot be reached, or something in between answers in its place. */
class BlobUnreachable extends Error {
  override readonly name = "BlobUnreachable";
}

/** As much of `fetch` as blobs need. */
export type Fetch = (url: string, init?: { signal?: AbortSignal | null }) => Promise<Response>;

/** Where blobs are fetched, with what, and who counts their bytes. */
export interface BlobOptions {
  /** The coordinator's folder, with a closing slash. */
  readonly folder: string;
  readonly fetch: Fetch;
  readonly onReceived: (numBytes: number) => void;
}

/** Content-addressed downloads, verified, at most three at once, kept until `keepOnly` names what is still needed. */
export interface Blobs {
  bytes(ref: BlobRef, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  params(ref: BlobRef, signal?: AbortSignal): Promise<Params>;
  keepOnly(sha256s: readonly string[]): void;
}

const maxRequests = 3;
/** Pauses between attempts: a coordinator that was killed is back, or the connection is known to be lost, before they are over. */
const retryPausesMs = [100, 200, 400, 800, 1600, 3200];

/** Downloads from the coordinator's `blobs/<sha256>`. */
export function createBlobs({ folder, fetch, onReceived }: BlobOptions): Blobs {
  const cache = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  const decoded = new Map<string, Params>();
  const enter = limitedTo(maxRequests);

  async function received(ref: BlobRef, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const name = `blob ${ref.sha256.slice(0, 8)}`;
    try {
      const response = await fetch(new URL(`blobs/${ref.sha256}`, folder).href, { signal: signal ?? null });
      if (response.status === 404) throw new BlobGone(`${name}: the coordinator no longer has it`);
      if (!response.ok) throw new Error(`the coordinator answered ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    } catch (cause) {
      if (cause instanceof BlobGone || signal?.aborted) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new BlobUnreachable(`${name}: ${reason}`, { cause });
    }
  }

  async function persistently(ref: BlobRef, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    for (const pauseMs of retryPausesMs) {
      try {
        return await download(ref, signal);
      } catch (error) {
        if (!(error instanceof BlobUnreachable)) throw error;
      }
      await pause(pauseMs, signal);
    }
    return download(ref, signal);
  }

  async function download(ref: BlobRef, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await received(ref, signal);
    onReceived(bytes.length);
    const found = await sha256Hex(bytes);
    if (found !== ref.sha256 || bytes.length !== ref.numBytes)
      throw new Error(`blob ${ref.sha256.slice(0, 8)}: ${bytes.length} bytes arrived, but their hash is ${found.slice(0, 8)}`);
    return bytes;
  }

  function bytes(ref: BlobRef, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const known = cache.get(ref.sha256);
    if (known !== undefined) return known;
    const fresh = enter(() => persistently(ref, signal));
    cache.set(ref.sha256, fresh);
    fresh.catch(() => cache.delete(ref.sha256));
    return fresh;
  }

  return {
    bytes,
    async params(ref, signal) {
      const known = decoded.get(ref.sha256);
      if (known !== undefined) return known;
      const params = decodeParams(await bytes(ref, signal));
      decoded.set(ref.sha256, params);
      return params;
    },
    keepOnly(sha256s) {
      for (const key of [...cache.keys()]) if (!sha256s.includes(key)) cache.delete(key);
      for (const key of [...decoded.keys()]) if (!sha256s.includes(key)) decoded.delete(key);
    },
  };
}

function pause(pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, pauseMs);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/** A gate that lets `limit` jobs run at once and the rest wait in order. */
function limitedTo(limit: number): <T>(job: () => Promise<T>) => Promise<T> {
  let numRunning = 0;
  const waiting: (() => void)[] = [];
  return async (job) => {
    if (numRunning >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else numRunning++;
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      if (next === undefined) numRunning--;
      else next();
    }
  };
}
