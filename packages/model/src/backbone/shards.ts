import { alignment, sha256Hex } from "@tutti/core";

/** A run of bytes within a shard. */
export interface ShardRange {
  readonly shard: number;
  readonly offset: number;
  readonly length: number;
}

/** Where finished shards go: the file's name, then its bytes, which the caller gives away. */
export type WriteFile = (file: string, bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

/** Cuts a stream of bytes into content-addressed shards of equal size; the last one is shorter. */
export interface ShardWriter {
  /** Bytes written so far, over all shards. */
  position(): number;
  append(bytes: Uint8Array): Promise<void>;
  /** Fills with zeros up to the next multiple of 64 bytes. */
  align(): Promise<void>;
  /** The parts of [start, start + length) of the stream. */
  partsOf(start: number, length: number): ShardRange[];
  finish(): Promise<{ sha256: string; numBytes: number }[]>;
}

/** A shard writer that holds one shard in memory. */
export function createShardWriter(write: WriteFile, maxShardBytes: number): ShardWriter {
  if (maxShardBytes < alignment || maxShardBytes % alignment !== 0) {
    throw new RangeError(`shards of ${maxShardBytes} bytes: the size must be a multiple of ${alignment}`);
  }
  const shards: { sha256: string; numBytes: number }[] = [];
  let buffer = new Uint8Array(maxShardBytes);
  let filled = 0;
  const position = () => shards.length * maxShardBytes + filled;
  const flush = async () => {
    if (filled === 0) return;
    const bytes = buffer.slice(0, filled);
    const sha256 = await sha256Hex(bytes);
    await write(`${sha256}.bin`, bytes);
    shards.push({ sha256, numBytes: bytes.length });
    buffer = new Uint8Array(maxShardBytes);
    filled = 0;
  };
  const append = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + maxShardBytes - filled);
      buffer.set(piece, filled);
      filled += piece.length;
      at += piece.length;
      if (filled === maxShardBytes) await flush();
    }
  };
  return {
    position,
    append,
    align: () => append(new Uint8Array((alignment - (position() % alignment)) % alignment)),
    partsOf: (start, length) => partsOf(start, length, maxShardBytes),
    finish: async () => {
      await flush();
      return shards;
    },
  };
}

function partsOf(start: number, length: number, maxShardBytes: number): ShardRange[] {
  const parts: ShardRange[] = [];
  for (let at = start; at < start + length; ) {
    const shard = Math.floor(at / maxShardBytes);
    const end = Math.min(start + length, (shard + 1) * maxShardBytes);
    parts.push({ shard, offset: at - shard * maxShardBytes, length: end - at });
    at = end;
  }
  return parts;
}
