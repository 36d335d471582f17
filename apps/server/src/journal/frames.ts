import { createHash } from "node:crypto";
import type { Change } from "./keyValueStore.ts";

/** What a frame of a log holds: the changes of a batch, a part of the entries that a log begins with, or the word that these are whole. */
export type FrameKind = "batch" | "snapshot" | "snapshotEnd";

/** What stands before a frame's payload. */
export interface FrameHead {
  readonly kind: FrameKind;
  readonly numBytes: number;
  /** Batches are numbered from 1 on over the whole life of a run; parts of a snapshot have the number of the last batch in it. */
  readonly number: number;
}

const magic = 0x464a5454; // "TTJF"
const kinds: readonly FrameKind[] = ["batch", "snapshot", "snapshotEnd"];
/** Bytes of a frame's head, and of the hash behind its payload. */
export const frameHeadBytes = 16;
export const hashBytes = 32;

/** Layout: u32 magic, u32 kind, u32 bytes of the payload, u32 number; little-endian. */
export function packFrameHead({ kind, numBytes, number }: FrameHead): Buffer {
  const head = Buffer.alloc(frameHeadBytes);
  [magic, kinds.indexOf(kind), numBytes, number].forEach((value, i) => {
    head.writeUInt32LE(value, 4 * i);
  });
  return head;
}

/** Null for bytes that are no frame's head. */
export function unpackFrameHead(head: Buffer): FrameHead | null {
  const kind = kinds[head.readUInt32LE(4)];
  if (head.readUInt32LE(0) !== magic || kind === undefined) return null;
  return { kind, numBytes: head.readUInt32LE(8), number: head.readUInt32LE(12) };
}

/** The hash of a frame: SHA-256 over the hash before it, its head and its payload, so that it vouches for everything up to here. */
export function startFrameHash(before: Uint8Array, head: Uint8Array) {
  return createHash("sha256").update(before).update(head);
}

const removed = 0xffff_ffff;
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Changes as parts of a payload: for each u32 bytes of the key, u32 bytes of the value (all ones where the key is removed), the key, the value. */
export function packChanges(changes: Iterable<Change>): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const [key, value] of changes) {
    const name = Buffer.from(key, "utf8");
    const head = Buffer.alloc(8 + name.length);
    head.writeUInt32LE(name.length, 0);
    head.writeUInt32LE(value === null ? removed : value.length, 4);
    name.copy(head, 8);
    parts.push(head);
    if (value !== null) parts.push(value);
  }
  return parts;
}

/** The inverse of `packChanges`; values are views. Throws for bytes that it has not written. */
export function unpackChanges(payload: Buffer): Change[] {
  const changes: Change[] = [];
  for (let at = 0; at < payload.length; ) {
    const nameEnd = at + 8 + payload.readUInt32LE(at);
    const numBytes = payload.readUInt32LE(at + 4);
    const end = nameEnd + (numBytes === removed ? 0 : numBytes);
    if (end > payload.length) throw new Error(`a change at byte ${at} ends at ${end}, behind the record's ${payload.length} bytes`);
    const name = decoder.decode(payload.subarray(at + 8, nameEnd));
    changes.push([name, numBytes === removed ? null : payload.subarray(nameEnd, end)]);
    at = end;
  }
  return changes;
}
