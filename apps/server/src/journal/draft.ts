import { rm } from "node:fs/promises";
import { startThread } from "@tutti/data/node";
import { createFrameWriter, type FrameWriter, partBytes } from "./frameWriter.ts";
import type { JournalKey } from "./journalKey.ts";
import type { Change } from "./keyValueStore.ts";
import { type LogPlace, systemDisk, writeAll } from "./logDisk.ts";
import { generationPath, type LogHeader, newHeader, packHeader, type SafeEnd } from "./logFiles.ts";
import { replayLog } from "./readLog.ts";

/** A generation that is to be begun. */
export interface NewGeneration extends Pick<LogHeader, "generation" | "hasSnapshot" | "baseNumber" | "baseHash"> {
  readonly entries: ReadonlyMap<string, Uint8Array>;
}

/** A generation's file that is written under another name. */
export interface Draft {
  readonly header: Uint8Array;
  readonly end: SafeEnd;
}

/** Where a generation's file lies until it takes its place. */
export const draftPath = (folder: string, generation: number) => `${generationPath(folder, generation)}.part`;

/** Writes a generation's first entries under another name. */
export async function writeDraft({ folder, key, disk }: LogPlace, { entries, ...about }: NewGeneration): Promise<Draft> {
  const { header, sealing } = newHeader(about, key);
  const path = draftPath(folder, header.generation);
  const packed = packHeader(header);
  const handle = await disk.open(path, "w+");
  try {
    await writeAll(handle, packed, 0);
    const end = { generation: header.generation, number: header.baseNumber, numBytes: packed.length, hash: packed.subarray(-32) };
    const writer = createFrameWriter({ handle, sealing, end });
    if (header.hasSnapshot) await writeSnapshot(writer, entries, header.baseNumber);
    await writer.flush();
    await handle.close(); // it is made safe when it takes its place
    return { header: packed, end: writer.end() };
  } catch (error) {
    await handle.close();
    await rm(path, { force: true });
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

/** What the next generation is drafted from: the present one's file, up to a record. */
export interface DraftOrder {
  readonly folder: string;
  readonly key: JournalKey | null;
  readonly from: SafeEnd;
}

/** What a thread answers. */
export type DraftAnswer = { readonly draft: Draft } | { readonly failure: { readonly message: string; readonly code: unknown } };

/** Drafts the next generation; the present one may grow meanwhile. */
export async function draftNext({ folder, key, from }: DraftOrder, place: Omit<LogPlace, "folder" | "key">): Promise<Draft> {
  const replayed = await replayLog(folder, from.generation, key, { upTo: from.numBytes });
  if (replayed?.end.numBytes !== from.numBytes) throw new Error(`${folder}: its records cannot be read again`);
  const about = { generation: from.generation + 1, hasSnapshot: true, baseNumber: from.number, baseHash: Buffer.from(from.hash) };
  return writeDraft({ ...place, folder, key }, { ...about, entries: replayed.values });
}

/** The same in a thread, so that sockets are answered meanwhile; on the system's disk. */
export function draftInThread(order: DraftOrder): Promise<Draft> {
  const thread = startThread(import.meta.url, "draftThread", order);
  return new Promise((resolve, reject) => {
    thread.once("message", (answer: DraftAnswer) => {
      if ("draft" in answer) resolve({ ...answer.draft, end: { ...answer.draft.end, hash: Buffer.from(answer.draft.end.hash) } });
      else reject(Object.assign(new Error(answer.failure.message), { code: answer.failure.code }));
    });
    thread.once("error", reject);
    thread.once("exit", (code) => reject(new Error(`the thread that drafts a log ended with exit code ${code}`)));
  });
}

/** Whether a place is one that a thread writes to. */
export const isThreadable = ({ disk }: LogPlace) => disk === systemDisk;
