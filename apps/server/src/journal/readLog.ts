import { type FileHandle, open } from "node:fs/promises";
import { ConfigError } from "../config.ts";
import { type FrameHead, frameHeadBytes, hashBytes, startFrameHash, unpackChanges, unpackFrameHead } from "./frames.ts";
import { createSealing, type JournalKey, keyFileVariable, keyVariable, type Sealing } from "./journalKey.ts";
import type { Change } from "./keyValueStore.ts";
import { generationPath, headerBytes, headPath, type LogHeader, type SafeEnd, slotBytes, unpackHeader, unpackSlot } from "./logFiles.ts";

/** Where reading a generation's file ended before the file did. */
export interface LogFault {
  /** Byte at which the record begins that is not as it was written. */
  readonly at: number;
  readonly what: string;
  /** Whether the file merely ends within the record, as after a kill while it was written. */
  readonly isTorn: boolean;
}

/** A generation's file, read as far as its chain holds. */
export interface ReplayedLog {
  readonly header: LogHeader;
  readonly sealing: Sealing | null;
  /** Entries as of the last sound record. */
  readonly values: ReadonlyMap<string, Uint8Array>;
  /** Behind the last sound record. */
  readonly end: SafeEnd;
  readonly fileBytes: number;
  /** False while parts of the snapshot are missing: the entries are then not those of any moment. */
  readonly isWhole: boolean;
  readonly fault: LogFault | null;
  /** The chain's hash at the byte that was asked for; null where no record ends there. */
  readonly hashAtMark: Buffer | null;
}

/** What to read of a generation. */
interface ReplayOptions {
  /** Whose hash is wanted. */
  readonly markedByte?: number | undefined;
  /** Bytes behind it are left alone. */
  readonly upTo?: number;
}

/** Reads a generation; null where not even its header is sound. Throws a ConfigError where it is sealed under another key. */
export async function replayLog(
  folder: string,
  generation: number,
  key: JournalKey | null,
  { markedByte = 0, upTo = Number.POSITIVE_INFINITY }: ReplayOptions = {},
): Promise<ReplayedLog | null> {
  const file = await open(generationPath(folder, generation), "r");
  try {
    const size = Math.min(upTo, (await file.stat()).size);
    const source = createSource(file, size);
    const headerPacked = await source.take(headerBytes);
    const header = headerPacked === null ? null : unpackHeader(headerPacked);
    if (headerPacked === null || header === null || header.generation !== generation) return null;
    const sealing = sealingOf(header, key, folder);
    return { header, sealing, fileBytes: size, ...(await replayFrames(source, { header, sealing, headerPacked, markedByte })) };
  } finally {
    await file.close();
  }
}

function sealingOf({ isSealed, salt, keyCheck }: LogHeader, key: JournalKey | null, folder: string): Sealing | null {
  if (!isSealed) return null;
  if (key === null) {
    throw new ConfigError(
      `${folder} is encrypted: give its key with --journal-key FILE, or in the environment as ${keyVariable} or ${keyFileVariable}`,
    );
  }
  const sealing = createSealing(key, salt);
  if (!sealing.check.equals(keyCheck))
    throw new ConfigError(`${folder} is encrypted with another key than that of ${key.from}: give the key that the run was begun with`);
  return sealing;
}

interface Replaying {
  readonly header: LogHeader;
  readonly sealing: Sealing | null;
  readonly headerPacked: Buffer;
  readonly markedByte: number;
}

async function replayFrames(source: Source, { header, sealing, headerPacked, markedByte }: Replaying) {
  const values = new Map<string, Uint8Array>();
  let hash: Buffer = Buffer.from(headerPacked.subarray(-hashBytes));
  let number = header.baseNumber;
  let isWhole = !header.hasSnapshot;
  let fault: LogFault | null = null;
  let hashAtMark = source.at === markedByte ? hash : null;
  let numBytes = source.at;
  while (source.at < source.size) {
    const frame = await readFrame(source, hash);
    const expected = "payload" in frame ? expectedKind(frame.head, { number, isWhole }) : null;
    if (!("payload" in frame)) fault = { at: numBytes, ...frame };
    else if (expected !== null) fault = { at: numBytes, what: expected, isTorn: false };
    if (!("payload" in frame) || fault !== null) break;
    const changes = changesOf(frame, sealing, hash);
    if (changes === null) fault = { at: numBytes, what: "it does not hold what records hold", isTorn: false };
    if (changes === null) break;
    for (const [name, value] of changes) {
      if (value === null) values.delete(name);
      else values.set(name, new Uint8Array(value));
    }
    if (frame.head.kind === "snapshotEnd") isWhole = true;
    ({ hash } = frame);
    ({ number } = frame.head);
    numBytes = source.at;
    if (numBytes === markedByte) hashAtMark = hash;
  }
  return { values, isWhole, fault, hashAtMark, end: { generation: header.generation, number, numBytes, hash } };
}

/** Null where somebody else wrote the frame. */
function changesOf({ payload, packed }: Frame, sealing: Sealing | null, before: Buffer): Change[] | null {
  try {
    return unpackChanges(sealing === null ? payload : sealing.open(payload, [before, packed]));
  } catch {
    return null;
  }
}

/** Why a sound frame has no place here; null where it has. */
function expectedKind({ kind, number }: FrameHead, before: { readonly number: number; readonly isWhole: boolean }): string | null {
  const isBatch = kind === "batch";
  const next = before.number + (isBatch ? 1 : 0);
  if (isBatch !== before.isWhole)
    return isBatch ? "a record stands before the snapshot is whole" : "a part of a snapshot stands behind records";
  return number === next ? null : `its number is ${number}, expected ${next}`;
}

interface Frame {
  readonly head: FrameHead;
  /** The head as it is written. */
  readonly packed: Buffer;
  readonly payload: Buffer;
  readonly hash: Buffer;
}

async function readFrame(source: Source, before: Buffer): Promise<Frame | Omit<LogFault, "at">> {
  const packed = await source.take(frameHeadBytes);
  if (packed === null) return { what: "the file ends within it", isTorn: true };
  const head = unpackFrameHead(packed);
  if (head === null) return { what: "it does not begin as a record does", isTorn: false };
  const payload = await source.take(head.numBytes);
  const hash = payload === null ? null : await source.take(hashBytes);
  if (payload === null || hash === null) return { what: "the file ends within it", isTorn: true };
  if (!startFrameHash(before, packed).update(payload).digest().equals(hash))
    return { what: "its bytes are not those that were written", isTorn: false };
  return { head, packed, payload, hash };
}

/** A file read from its beginning to its end. */
interface Source {
  readonly size: number;
  /** The next byte. */
  readonly at: number;
  /** A copy of the next bytes; null where the file has fewer. */
  take(numBytes: number): Promise<Buffer | null>;
}

const chunkBytes = 1 << 20;

function createSource(file: FileHandle, size: number): Source {
  let at = 0;
  let chunk: Buffer = Buffer.alloc(0);
  let chunkAt = 0;
  return {
    size,
    get at() {
      return at;
    },
    async take(numBytes) {
      if (numBytes > size - at) return null;
      if (at + numBytes > chunkAt + chunk.length) {
        chunk = await readAt(file, at, Math.max(numBytes, Math.min(chunkBytes, size - at)));
        chunkAt = at;
      }
      const from = at - chunkAt;
      if (from + numBytes > chunk.length) return null; // it became shorter meanwhile
      at += numBytes;
      return Buffer.from(chunk.subarray(from, from + numBytes));
    },
  };
}

async function readAt(file: FileHandle, position: number, numBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(numBytes);
  let numRead = 0;
  while (numRead < numBytes) {
    const { bytesRead } = await file.read(buffer, numRead, numBytes - numRead, position + numRead);
    if (bytesRead === 0) break;
    numRead += bytesRead;
  }
  return buffer.subarray(0, numRead);
}

/** The head's slots by the parity of their generation; empty where there is no head. */
export async function readSlots(folder: string): Promise<readonly (SafeEnd | null | "damaged")[]> {
  const file = await open(headPath(folder), "r").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  if (file === null) return [];
  try {
    const bytes = await readAt(file, 0, 2 * slotBytes + 1);
    if (bytes.length === 0) return []; // as a kill at a run's very beginning leaves it
    if (bytes.length !== 2 * slotBytes) return ["damaged", "damaged"];
    return [unpackSlot(bytes.subarray(0, slotBytes)), unpackSlot(bytes.subarray(slotBytes))];
  } finally {
    await file.close();
  }
}
