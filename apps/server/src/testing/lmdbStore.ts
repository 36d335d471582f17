import { mkdirSync } from "node:fs";
import { open } from "lmdb";
import type { KeyValueStore } from "../journal/keyValueStore.ts";
import { keepSecret } from "../secretFiles.ts";

/** The store of older versions, whose records are not chained: to make their folders, and to measure beside. */
export function lmdbStore(folder: string): KeyValueStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = open<Uint8Array, string>({ path: folder, noSubdir: false, encoding: "binary" });
  keepSecret(folder);
  let failure: unknown = null;
  let written: Promise<unknown> = Promise.resolve();
  function* entries() {
    for (const { key, value } of database.getRange()) yield [key, Uint8Array.from(value)] as const;
  }
  const store: KeyValueStore = {
    write(changes) {
      const batch = database.batch(() => {
        for (const [key, value] of changes) {
          if (value === null) database.remove(key).catch(remember);
          else database.put(key, value).catch(remember);
        }
      });
      batch.catch(remember);
      written = batch;
    },
    entries,
    async current() {
      await store.flushed();
      return [...entries()];
    },
    async flushed() {
      await written;
      await database.flushed;
      if (failure !== null)
        throw new Error(
          `journal ${folder}: a write failed, so the coordinator accepts nothing more; check the disk, then resume with the same command`,
          { cause: failure },
        );
    },
    close: () => database.close(),
  };
  return store;

  function remember(error: unknown): void {
    failure ??= error;
  }
}
