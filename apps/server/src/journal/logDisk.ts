import { type FileHandle, open } from "node:fs/promises";
import type { JournalKey } from "./journalKey.ts";

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
  /** From this size on a thread writes the next generation. */
  readonly threadFromBytes: number;
}

/** Writes all bytes at a position. */
export async function writeAll(handle: LogHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
