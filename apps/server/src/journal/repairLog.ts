import { cpSync, existsSync } from "node:fs";
import { keepSecret } from "../secretFiles.ts";
import type { JournalKey } from "./journalKey.ts";
import { systemDisk } from "./logDisk.ts";
import { writeRepaired } from "./logFile.ts";
import { listGenerations } from "./logFiles.ts";
import type { ReplayedLog } from "./readLog.ts";

/**
 * Puts a log back to where it was sound and returns the folder that keeps the damaged files. Whenever this is ended before it is done, the log is either as damaged as
 * before, and repaired by the next call, or repaired.
 */
export async function repairLog(folder: string, key: JournalKey | null, sound: Pick<ReplayedLog, "values" | "end">): Promise<string> {
  const copy = freeName(folder);
  cpSync(folder, copy, { recursive: true, errorOnExist: true, force: false, preserveTimestamps: true });
  keepSecret(copy);
  const generation = (listGenerations(folder).at(-1) ?? 0) + 1;
  await writeRepaired(
    { folder, key, keepsPrevious: false, disk: systemDisk, threadFromBytes: Number.POSITIVE_INFINITY },
    { ...sound, generation },
  );
  return copy;
}

function freeName(folder: string): string {
  for (let i = 1; ; i++) if (!existsSync(`${folder}.damaged-${i}`)) return `${folder}.damaged-${i}`;
}
