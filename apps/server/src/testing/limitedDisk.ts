import { open } from "node:fs/promises";
import type { LogDisk } from "../journal/logDisk.ts";

/** A disk that has no space while `isFull`, also in the middle of a write. */
export function limitedDisk(): LogDisk & { isFull: boolean } {
  const full = () => Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const disk = {
    isFull: false,
    async open(path: string, flags: "r+" | "w+" | "a+") {
      const handle = await open(path, flags, 0o600);
      return {
        datasync: () => handle.datasync(),
        truncate: (numBytes?: number) => handle.truncate(numBytes),
        close: () => handle.close(),
        async write(bytes: Uint8Array, offset?: number | null, length?: number | null, position?: number | null) {
          if (!disk.isFull) return handle.write(bytes, offset, length, position);
          const isOverwriting = path.endsWith("head"); // no new space is needed, so it is all or nothing
          if (!isOverwriting && (length ?? 0) > 20 && offset === 0) return handle.write(bytes, offset, 11, position);
          throw full();
        },
      };
    },
  };
  return disk as LogDisk & { isFull: boolean };
}
