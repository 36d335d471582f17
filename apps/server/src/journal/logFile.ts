import { statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { type Draft, draftInThread, draftNext, draftPath, isThreadable, writeDraft } from "./draft.ts";
import { createFrameWriter, type OpenLog } from "./frameWriter.ts";
import { createSealing } from "./journalKey.ts";
import type { Change } from "./keyValueStore.ts";
import { type LogHandle, type LogPlace, writeAll } from "./logDisk.ts";
import { generationPath, headPath, listGenerations, packSlot, type SafeEnd, slotBytes, unpackHeader } from "./logFiles.ts";
import type { ReplayedLog } from "./readLog.ts";

/** The present generation of a log. */
export interface LogFile {
  /** Resolves when all batches are safe; where it rejects, none is there. */
  append(batches: readonly (readonly Change[])[]): Promise<void>;
  /** Begins a new generation where the files are much larger than what they hold. */
  compactWhereDue(): Promise<void>;
  /** Begins new generations until no file holds what was removed; throws a PutOffError where there is no space for them. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/** How much larger than what it holds a log may be, the generation before included, and how many bytes more. */
const growth = { withPrevious: 3.5, alone: 1.5, slackBytes: 256 * 1024 };
/** The same, as a factor, while a thread writes the next generation, and of a log that is closed. */
const [whileDrafting, atRest] = [1.5, 0.7];

/** Begins a log with these entries. */
export async function createLogFile(place: LogPlace, entries: ReadonlyMap<string, Uint8Array>): Promise<LogFile> {
  const head = await place.disk.open(headPath(place.folder), "w+");
  await head.write(Buffer.alloc(2 * slotBytes), 0, 2 * slotBytes, 0);
  const generation = (listGenerations(place.folder).at(-1) ?? 0) + 1;
  const base = { generation, baseNumber: 0, baseHash: Buffer.alloc(32) };
  return present(
    place,
    head,
    await adopt(place, head, await writeDraft(place, { ...base, entries, hasSnapshot: entries.size > 0 })),
    entries,
  );
}

/** Goes on behind the last sound record; where the log is to be sealed otherwise than it is, in a new generation. */
export async function resumeLogFile(place: LogPlace, log: ReplayedLog): Promise<LogFile> {
  const { header, sealing, end, values } = log;
  const head = await place.disk.open(headPath(place.folder), "r+");
  if (header.isSealed !== (place.key !== null)) {
    const alone = { ...place, keepsPrevious: false }; // nothing in clear is to stay beside what is sealed
    return present(place, head, await adopt(alone, head, await draftAfter(place, end, values)), values);
  }
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
    const { handle } = await adopt(place, head, await draftAfter(place, { ...end, generation: generation - 1 }, values));
    await handle.close();
  } finally {
    await head.close();
  }
}

function draftAfter(place: LogPlace, { generation, number, hash }: SafeEnd, entries: ReadonlyMap<string, Uint8Array>): Promise<Draft> {
  return writeDraft(place, { generation: generation + 1, hasSnapshot: true, baseNumber: number, baseHash: hash, entries });
}

function present(place: LogPlace, head: LogHandle, first: OpenLog, entries: ReadonlyMap<string, Uint8Array>): LogFile {
  let now = first;
  const live = createLive(entries);
  let tryFrom = 0;
  let previousBytes = statSync(generationPath(place.folder, first.end.generation - 1), { throwIfNoEntry: false })?.size ?? 0;
  let drafting: Drafting | null = null;

  function isLarge(factor: number): boolean {
    const bound = (place.keepsPrevious ? growth.withPrevious : growth.alone) * live.numBytes() + growth.slackBytes;
    return previousBytes + now.end.numBytes >= factor * bound;
  }

  /** What was appended since a draft began comes behind its entries. */
  async function take({ result, later }: Drafting): Promise<void> {
    drafting = null;
    const next = await adopt(place, head, await result.catch(putOff), later);
    await now.handle.close();
    previousBytes = place.keepsPrevious ? now.end.numBytes : 0;
    now = next;
    tryFrom = 0;
  }

  return {
    async append(batches) {
      const writer = createFrameWriter(now);
      try {
        for (const changes of batches) await writer.frame("batch", changes, writer.end().number + 1);
        await writer.flush();
        await now.handle.datasync();
      } catch (error) {
        await now.handle.truncate(now.end.numBytes);
        throw error;
      }
      now = { ...now, end: writer.end() };
      drafting?.later.push(...batches);
      for (const changes of batches) live.note(changes);
      await writeSlot(head, now.end);
    },
    async compactWhereDue() {
      if (drafting !== null) return drafting.isOver || isLarge(whileDrafting) ? take(drafting) : undefined;
      if (!isLarge(1) || now.end.numBytes < tryFrom) return;
      tryFrom = 1.25 * now.end.numBytes; // where there is no space for it now
      const order = { folder: place.folder, key: place.key, from: now.end };
      if (now.end.numBytes < place.threadFromBytes || !isThreadable(place)) return take(startDrafting(draftNext(order, place)));
      drafting = startDrafting(draftInThread(order));
    },
    async renew() {
      if (drafting !== null) await take(drafting);
      for (let i = 0; i < (place.keepsPrevious ? 2 : 1); i++)
        await take(startDrafting(draftNext({ folder: place.folder, key: place.key, from: now.end }, place)));
    },
    async close() {
      try {
        if (drafting !== null) await take(drafting);
        for (let i = 0; i < 2 && isLarge(atRest); i++)
          await take(startDrafting(draftNext({ folder: place.folder, key: place.key, from: now.end }, place)));
      } catch (error) {
        if (!(error instanceof PutOffError)) throw error;
      }
      await now.handle.close();
      await head.close();
    },
  };
}

/** The next generation, under way. */
interface Drafting {
  readonly result: Promise<Draft>;
  /** Batches that the present generation has had since. */
  readonly later: (readonly Change[])[];
  isOver: boolean;
}

function startDrafting(result: Promise<Draft>): Drafting {
  const drafting: Drafting = { result, later: [], isOver: false };
  const end = () => {
    drafting.isOver = true;
  };
  result.then(end, end);
  return drafting;
}

/** Puts a draft in its place, with more batches behind its entries. */
async function adopt(place: LogPlace, head: LogHandle, draft: Draft, later: readonly (readonly Change[])[] = []): Promise<OpenLog> {
  const { folder, key, disk, keepsPrevious } = place;
  const { generation } = draft.end;
  const path = draftPath(folder, generation);
  const handle = await disk.open(path, "r+").catch(putOff);
  let opened: OpenLog;
  try {
    const header = unpackHeader(Buffer.from(draft.header));
    const sealing = key === null || header === null ? null : createSealing(key, header.salt);
    const writer = createFrameWriter({ handle, sealing, end: draft.end });
    for (const changes of later) await writer.frame("batch", changes, writer.end().number + 1);
    await writer.flush();
    await handle.datasync();
    // The slot of the generation before stays, so that either file is sound whenever the process ends.
    await writeSlot(head, writer.end());
    await head.datasync();
    await rename(path, generationPath(folder, generation));
    opened = { handle, sealing, end: writer.end() };
  } catch (error) {
    await handle.close();
    await rm(path, { force: true });
    return putOff(error);
  }
  await syncFolder(folder);
  for (const old of listGenerations(folder)) if (old < generation - (keepsPrevious ? 1 : 0)) await rm(generationPath(folder, old));
  return opened;
}

/** The next generation cannot be begun now, as where there is no space; the present one has everything. */
export class PutOffError extends Error {
  override readonly name = "PutOffError";
}

function putOff(cause: unknown): never {
  throw new PutOffError(`the next generation is put off: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
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
