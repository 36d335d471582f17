import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BackboneCache } from "../backbone/cache.ts";

/** Keeps shards as files of a folder, each whole or not at all. Node only. */
export function folderCache(folder: string): BackboneCache {
  return {
    get: async (sha256) => {
      const bytes = await readFile(join(folder, `${sha256}.bin`)).catch(() => null);
      return bytes === null ? null : new Uint8Array(bytes);
    },
    put: async (sha256, bytes) => {
      await mkdir(folder, { recursive: true });
      const unfinished = join(folder, `${randomUUID()}.new`);
      await writeFile(unfinished, bytes);
      await rename(unfinished, join(folder, `${sha256}.bin`));
    },
  };
}
