import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";

/** The tensor library's pool: released buffers are kept for the next that asks for their exact size and usage. */
type BufferPool = Pick<WebGPUBackend["bufferManager"], "acquireBuffer" | "releaseBuffer" | "numBytesUsed">;

/** So many bytes may lie in the pool in any case. */
const alwaysKept = 64 * 2 ** 20;

/** Released buffers of one size and usage. */
interface Kept {
  readonly size: number;
  readonly usage: number;
  count: number;
}

/**
 * Keeps the pool of released buffers from growing with every other size of a batch: beyond `leastBytes` and beyond what was ever in use at a time,
 * those of the size that was released longest ago are destroyed. The library itself keeps all of them. Changes the pool that is handed in.
 */
export function boundPool(pool: BufferPool, leastBytes = alwaysKept): void {
  const [acquire, release] = [pool.acquireBuffer.bind(pool), pool.releaseBuffer.bind(pool)];
  const kept = new Map<string, Kept>(); // what was released last is last
  let [numBytes, mostUsed] = [0, 0];

  function take(key: string, one: Kept): void {
    one.count--;
    if (one.count === 0) kept.delete(key);
    numBytes -= one.size;
  }

  pool.acquireBuffer = (size, usage, mappedAtCreation, reuse = true) => {
    const key = `${size} ${usage}`;
    const one = kept.get(key);
    if (reuse && one !== undefined) take(key, one);
    const buffer = acquire(size, usage, mappedAtCreation, reuse);
    mostUsed = Math.max(mostUsed, pool.numBytesUsed);
    return buffer;
  };

  pool.releaseBuffer = (buffer, reuse = true) => {
    release(buffer, reuse);
    if (!reuse) return;
    const { size, usage } = buffer;
    const key = `${size} ${usage}`;
    const count = kept.get(key)?.count ?? 0;
    kept.delete(key);
    kept.set(key, { size, usage, count: count + 1 });
    numBytes += size;
    for (const [oldKey, one] of kept) {
      while (one.count > 0 && numBytes > Math.max(leastBytes, mostUsed)) {
        release(acquire(one.size, one.usage), false);
        take(oldKey, one);
      }
    }
  };
}
