import { statSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { type FrameKind, packChanges, packFrameHead, startFrameHash } from "./frames.ts";
import type { JournalKey, Sealing } from "./journalKey.ts";
import type { Change } from "./keyValueStore.ts";
import { generationPath, headPath, listGenerations, newHeader, packHeader, packSlot, type SafeEnd, slotBytes } from "./logFiles.ts";
import { type ReplayedLog, replayLog } from "./readLog.ts";

/** A file as a log writes it. */
export type LogHandle = Pick<FileHandle, "write" | "truncate" | "datasync" | "close">;

/** Opens files: for tests another than the system's. */
export interface LogDisk {
  open(path: string, flags: "r+" | "w+" | "a+"): Promise<LogHandle>;
}

/** The system's disk; files are their owner's alone. */
export const systemDisk: LogDisk = { open: (path, flags) => open(path, flags, 0o600) };

/** Where a log lies and how it is written. */
export interface LogPlace {
  readonly folder: string;
  readonly key: JournalKey | null;
  readonly keepsPrevious: boolean;
  readonly disk: LogDisk;
}

/** The present generation of a log. */
export interface LogFile {
  /** Resolves when all batches are safe; where it rejects, none is there. */
  append(batches: readonly (readonly Change[])[]): Promise<void>;
  /** Begins a new generation where the files are much larger than what they hold. */
  compactWhereDue(): Promise<void>;
  close(): Promise<void>;
}

/** How much larger than what it holds a log may be, the generation before included, and how many bytes more. */
const growth = { withPrevious: 2.5, alone: 1.5, slackBytes: 256 * 1024 };
/** Entries of a snapshot are written in frames of about this size, and hashes are computed over at most as much at a time. */
const partBytes = 1 << 20;

/** Begins a log with these entries. */
export async function createLogFile(place: LogPlace, entries: ReadonlyMap<string, Uint8Array>): Promise<LogFile> {
  const head = await place.disk.open(headPath(place.folder), "w+");
  await head.write(Buffer.alloc(2 * slotBytes), 0, 2 * slotBytes, 0);
  const generation = (listGenerations(place.folder).at(-1) ?? 0) + 1;
  const base = { generation, baseNumber: 0, baseHash: Buffer.alloc(32) };
  return present(place, head, await writeGeneration(place, head, { ...base, entries, hasSnapshot: entries.size > 0 }), entries);
}

/** Goes on behind the last sound record; where the log is to be sealed otherwise than it is, in a new generation. */
export async function resumeLogFile(place: LogPlace, log: ReplayedLog): Promise<LogFile> {
  const { header, sealing, end, values } = log;
  const head = await place.disk.open(headPath(place.folder), "r+");
  if (header.isSealed !== (place.key !== null)) return present(place, head, await nextGeneration(place, head, end, values), values);
  const handle = await place.disk.open(generationPath(place.folder, header.generation), "r+");
  if (log.fileBytes > end.numBytes) await handle.truncate(end.numBytes); // a record that a kill left unfinished, which nobody was told of
  return present(place, head, { handle, sealing, end }, values);
}

/** Writes what is sound as the only generation of a damaged log. */
export async function writeRepaired(
  place: LogPlace,
  { values, end, generation }: { readonly values: ReadonlyMap<string, Uint8Array>; readonly end: SafeEnd; readonly generation: number },
): Promise<void> {
  const head = await place.disk.open(headPath(place.folder), "w+");
  try {
    await head.write(Buffer.alloc(2 * slotBytes), 0, 2 * slotBytes, 0);
    const { handle } = await nextGeneration(place, head, { ...end, generation: generation - 1 }, values);
    await handle.close();
  } finally {
    await head.close();
  }
}

interface Open {
  readonly handle: LogHandle;
  readonly sealing: Sealing | null;
  readonly end: SafeEnd;
}

function present(place: LogPlace, head: LogHandle, first: Open, entries: ReadonlyMap<string, Uint8Array>): LogFile {
  let now = first;
  const live = createLive(entries);
  let tryFrom = 0;
  let previousBytes = statSync(generationPath(place.folder, first.end.generation - 1), { throwIfNoEntry: false })?.size ?? 0;
  return {
    async append(batches) {
      const writer = createWriter(now);
      try {
        for (const changes of batches) await writer.frame("batch", changes, writer.end().number + 1);
        await writer.flush();
        await now.handle.datasync();
      } catch (error) {
        await now.handle.truncate(now.end.numBytes);
        throw error;
      }
      now = { ...now, end: writer.end() };
      for (const changes of batches) live.note(changes);
      await writeSlot(head, now.end);
    },
    async compactWhereDue() {
      const size = now.end.numBytes;
      const bound = (place.keepsPrevious ? growth.withPrevious : growth.alone) * live.numBytes() + growth.slackBytes;
      if (previousBytes + size < bound || size < tryFrom) return;
      tryFrom = 1.25 * size; // where there is no space for it now
      const replayed = await replayLog(place.folder, now.end.generation, place.key);
      if (replayed === null || replayed.end.numBytes !== size) throw new Error(`${place.folder}: its records cannot be read again`);
      const next = await nextGeneration(place, head, now.end, replayed.values);
      await now.handle.close();
      previousBytes = place.keepsPrevious ? size : 0;
      now = next;
      tryFrom = 0;
    },
    async close() {
      await now.handle.close();
      await head.close();
    },
  };
}

async function nextGeneration(place: LogPlace, head: LogHandle, end: SafeEnd, entries: ReadonlyMap<string, Uint8Array>): Promise<Open> {
  const generation = end.generation + 1;
  const opened = await writeGeneration(place, head, { generation, baseNumber: end.number, baseHash: end.hash, entries, hasSnapshot: true });
  const oldest = generation - (place.keepsPrevious ? 1 : 0);
  for (const old of listGenerations(place.folder)) if (old < oldest) await rm(generationPath(place.folder, old));
  return opened;
}

interface NewGeneration {
  readonly generation: number;
  readonly baseNumber: number;
  readonly baseHash: Buffer;
  readonly hasSnapshot: boolean;
  readonly entries: ReadonlyMap<string, Uint8Array>;
}

/** Writes a generation under another name and puts it in its place when it is safe. */
async function writeGeneration({ folder, key, disk }: LogPlace, head: LogHandle, { entries, ...about }: NewGeneration): Promise<Open> {
  const { header, sealing } = newHeader(about, key);
  const path = generationPath(folder, header.generation);
  const packed = packHeader(header);
  const handle = await disk.open(`${path}.part`, "w+");
  try {
    await writeAll(handle, packed, 0);
    const end = { generation: header.generation, number: header.baseNumber, numBytes: packed.length, hash: packed.subarray(-32) };
    const writer = createWriter({ handle, sealing, end });
    if (header.hasSnapshot) await writeSnapshot(writer, entries, header.baseNumber);
    await writer.flush();
    await handle.datasync();
    // The slot of the generation before stays, so that either file is sound whenever the process ends.
    await writeSlot(head, writer.end());
    await head.datasync();
    await rename(`${path}.part`, path);
    await syncFolder(folder);
    return { handle, sealing, end: writer.end() };
  } catch (error) {
    await handle.close();
    await rm(`${path}.part`, { force: true });
    throw error;
  }
}

async function writeSnapshot(writer: FrameWriter, entries: ReadonlyMap<string, Uint8Array>, number: number): Promise<void> {
  let part: Change[] = [];
  let numBytes = 0;
  for (const [key, value] of entries) {
    part.push([key, value]);
    numBytes += key.length + value.length;
    if (numBytes < partBytes) continue;
    await writer.frame("snapshot", part, number);
    [part, numBytes] = [[], 0];
  }
  await writer.frame("snapshot", part, number);
  await writer.frame("snapshotEnd", [], number);
}

function writeSlot(head: LogHandle, end: SafeEnd): Promise<void> {
  return writeAll(head, packSlot(end), slotBytes * (end.generation % 2));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: LogHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Bytes that the present entries take. */
function createLive(entries: ReadonlyMap<string, Uint8Array>) {
  const sizes = new Map<string, number>();
  let sum = 0;
  function set(key: string, numBytes: number | null): void {
    sum -= sizes.get(key) ?? 0;
    if (numBytes === null) sizes.delete(key);
    else sizes.set(key, numBytes);
    sum += numBytes ?? 0;
  }
  for (const [key, value] of entries) set(key, 8 + key.length + value.length);
  return {
    numBytes: () => sum,
    note(changes: readonly Change[]) {
      for (const [key, value] of changes) set(key, value === null ? null : 8 + key.length + value.length);
    },
  };
}

/** Writes frames one behind another. */
interface FrameWriter {
  frame(kind: FrameKind, changes: readonly Change[], number: number): Promise<void>;
  flush(): Promise<void>;
  /** Behind the last frame. */
  end(): SafeEnd;
}

function createWriter({ handle, sealing, end: start }: Open): FrameWriter {
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
