import { basename } from "node:path";
import type { JournalKey } from "./journalKey.ts";
import { generationPath, headPath, listGenerations, type SafeEnd } from "./logFiles.ts";
import { type ReplayedLog, readSlots, replayLog } from "./readLog.ts";

/** Damage of a log: what is wrong where, and how far it is sound. */
export interface LogDamage {
  /** Such as `records-000002.log, byte 4711: …`. */
  readonly what: string;
  /** The latest whole moment; null where there is none. */
  readonly sound: ReplayedLog | null;
  /** Number of the last record that was acknowledged; null where the head does not say it. */
  readonly lastNumber: number | null;
}

/** A log as it is found: sound up to its end, damaged, or not there. */
export type InspectedLog =
  | { readonly kind: "sound"; readonly log: ReplayedLog }
  | { readonly kind: "damaged"; readonly damage: LogDamage }
  | { readonly kind: "absent" };

/** Reads a log through, with the generation that is kept behind the present one where `isThorough`. */
export async function inspectLog(folder: string, key: JournalKey | null, isThorough: boolean): Promise<InspectedLog> {
  const generations = listGenerations(folder);
  const present = generations.at(-1);
  const slots = await readSlots(folder);
  if (present === undefined) return absentOr(folder, slots);
  const slot = slots[present % 2] ?? null;
  const safe = slot === "damaged" || slot?.generation !== present ? null : slot;
  const log = await replayLog(folder, present, key, { markedByte: safe?.numBytes });
  const before = isThorough && present - 1 === generations.at(-2) ? await replayLog(folder, present - 1, key) : undefined;
  const what = faultOf(log, { folder, present, slots, safe }) ?? faultBefore(before, folder, present - 1);
  if (log !== null && what === null) return { kind: "sound", log };
  return { kind: "damaged", damage: { what: what ?? "", sound: await latestWhole(folder, key, log), lastNumber: safe?.number ?? null } };
}

/** A head without records: their files are gone. */
function absentOr(folder: string, slots: readonly (SafeEnd | null | "damaged")[]): InspectedLog {
  const last = slots.flatMap((slot) => (slot === null || slot === "damaged" ? [] : [slot.number])).sort((a, b) => b - a)[0];
  if (!slots.includes("damaged") && (last ?? 0) === 0) return { kind: "absent" };
  return { kind: "damaged", damage: { what: `the files with the records of ${folder} are gone`, sound: null, lastNumber: last ?? null } };
}

interface Found {
  readonly folder: string;
  readonly present: number;
  readonly slots: readonly (SafeEnd | null | "damaged")[];
  readonly safe: SafeEnd | null;
}

function faultOf(log: ReplayedLog | null, { folder, present, slots, safe }: Found): string | null {
  const name = basename(generationPath(folder, present));
  if (log === null) return `${name}, byte 0: its header is not what was written`;
  const { fault, end } = log;
  if (fault !== null && (!fault.isTorn || safe === null || safe.numBytes > end.numBytes)) return `${name}, byte ${fault.at}: ${fault.what}`;
  if (safe !== null && safe.numBytes > end.numBytes)
    return `${name}, byte ${end.numBytes}: the file ends there, and ${safe.numBytes} bytes were written`;
  if (!log.isWhole) return `${name}, byte ${end.numBytes}: the file ends before its snapshot is whole`;
  if (safe !== null && log.hashAtMark?.equals(safe.hash) !== true)
    return `${name} and ${basename(headPath(folder))} are not of the same run`;
  if (safe === null)
    return `${basename(headPath(folder))}: ${slots.length === 0 ? "the file is gone" : "its bytes are not those that were written"}`;
  return slots.includes("damaged") ? `${basename(headPath(folder))}: its bytes are not those that were written` : null;
}

/** Undefined where it is not looked at. */
function faultBefore(before: ReplayedLog | null | undefined, folder: string, generation: number): string | null {
  if (before === undefined) return null;
  const name = basename(generationPath(folder, generation));
  if (before === null) return `${name}, byte 0: its header is not what was written`;
  return before.fault === null ? null : `${name}, byte ${before.fault.at}: ${before.fault.what}`;
}

/** The present generation as far as it is sound, where its snapshot is whole; else the latest before it. */
async function latestWhole(folder: string, key: JournalKey | null, present: ReplayedLog | null): Promise<ReplayedLog | null> {
  if (present?.isWhole === true) return present;
  for (const generation of listGenerations(folder).slice(0, -1).reverse()) {
    const log = await replayLog(folder, generation, key);
    if (log?.isWhole === true) return log;
  }
  return present;
}
