import { expect, test } from "vitest";
import { forgetEverything, type KeptHere } from "./forgetEverything.ts";

function storageOf(names: readonly string[]) {
  const kept = new Map(names.map((name) => [name, "1"]));
  const storage = {
    get length() {
      return kept.size;
    },
    key: (at: number) => [...kept.keys()][at] ?? null,
    removeItem: (name: string) => void kept.delete(name),
  };
  return { kept, storage };
}

function browser(blocked: readonly string[] = []) {
  const gone: string[] = [];
  const { kept, storage } = storageOf(["tutti-choices", "tutti-backend", "another-site's"]);
  const here = {
    databases: {
      databases: async () => [{ name: "tutti" }, { name: "tutti-examples" }, { name: "another" }],
      deleteDatabase(name: string) {
        const request: Record<string, unknown> = {};
        queueMicrotask(() => {
          if (!blocked.includes(name)) gone.push(name);
          const tell = request[blocked.includes(name) ? "onblocked" : "onsuccess"] as () => void;
          tell();
        });
        return request as unknown as IDBOpenDBRequest;
      },
    },
    caches: {
      keys: async () => ["tutti-backbones", "tutti-try-/-a1", "another"],
      delete: async (name: string) => gone.push(name) > 0,
    },
    storages: [
      () => storage,
      () => {
        throw new DOMException("The operation is insecure.", "SecurityError");
      },
    ],
    workers: { getRegistrations: async () => [] },
  } satisfies KeptHere;
  return { here, gone, kept };
}

test("everything that the pages keep goes, and nothing of others at the same address", async () => {
  const { here, gone, kept } = browser();
  expect(await forgetEverything(here)).toBe(true);
  expect(gone.sort()).toEqual(["tutti", "tutti-backbones", "tutti-examples", "tutti-try-/-a1"]);
  expect([...kept.keys()]).toEqual(["another-site's"]);
});

test("a database that another tab uses is told, and a browser that keeps nothing has forgotten all", async () => {
  expect(await forgetEverything(browser(["tutti"]).here)).toBe(false);
  expect(await forgetEverything({ databases: undefined, caches: undefined, storages: [], workers: undefined })).toBe(true);
});
