import { type FrameKind, packChanges, packFrameHead, startFrameHash } from "./frames.ts";
import type { Sealing } from "./journalKey.ts";
import type { Change } from "./keyValueStore.ts";
import { type LogHandle, writeAll } from "./logDisk.ts";
import type { SafeEnd } from "./logFiles.ts";

/** A file that frames are written to, behind what is in it. */
export interface OpenLog {
  readonly handle: LogHandle;
  readonly sealing: Sealing | null;
  readonly end: SafeEnd;
}

/** Entries of a snapshot are written in frames of about this size, and hashes are computed over at most as much at a time. */
export const partBytes = 1 << 20;

/** Writes frames one behind another. */
export interface FrameWriter {
  frame(kind: FrameKind, changes: readonly Change[], number: number): Promise<void>;
  flush(): Promise<void>;
  /** Behind the last frame. */
  end(): SafeEnd;
}

/** A writer behind the end of a file; what it has written is the file's once it is flushed and safe. */
export function createFrameWriter({ handle, sealing, end: start }: OpenLog): FrameWriter {
  let end = start;
  let waiting: Uint8Array[] = [];
  let numWaiting = 0;
  let writtenTo = start.numBytes;

  async function put(part: Uint8Array): Promise<void> {
    waiting.push(part);
    numWaiting += part.length;
    if (numWaiting >= partBytes) await flush();
  }

  async function flush(): Promise<void> {
    const bytes = Buffer.concat(waiting);
    [waiting, numWaiting] = [[], 0];
    await writeAll(handle, bytes, writtenTo);
    writtenTo += bytes.length;
  }

  return {
    end: () => end,
    flush,
    async frame(kind, changes, number) {
      const parts = packChanges(changes);
      const plainBytes = parts.reduce((sum, part) => sum + part.length, 0);
      const numBytes = sealing?.sealedBytes(plainBytes) ?? plainBytes;
      const packed = packFrameHead({ kind, numBytes, number });
      const hash = startFrameHash(end.hash, packed);
      const both = async (part: Uint8Array) => {
        hash.update(part);
        await put(part);
      };
      await put(packed);
      const sealed = sealing?.seal([end.hash, packed]);
      if (sealed !== undefined) await both(sealed.nonce);
      for (const part of slices(parts)) await both(sealed === undefined ? part : sealed.update(part));
      if (sealed !== undefined) await both(sealed.final());
      const digest = hash.digest();
      await put(digest);
      end = { ...end, number, numBytes: end.numBytes + packed.length + numBytes + digest.length, hash: digest };
    },
  };
}

/** No part is larger than what may be hashed at a time. */
function* slices(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += partBytes) yield part.subarray(at, at + partBytes);
  }
}
