import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { limitedDisk } from "../testing/limitedDisk.ts";
import { writeLog } from "../testing/loggedRun.ts";
import { temporaryFolder } from "../testing/startTest.ts";
import { type LogDisk, systemDisk } from "./logDisk.ts";
import { openLogStore, readLogStore } from "./logStore.ts";

let folder = temporaryFolder();
afterEach(() => {
  folder.remove();
  folder = temporaryFolder();
});
const key = { bytes: new Uint8Array(32).fill(5), from: "KEY" };
const plain = { key: null, keepsPrevious: true };
const bytesOf = (...numbers: number[]) => Uint8Array.from(numbers);

test("on a full disk nothing is acknowledged, the reason is told, and all of it is there once there is space", async () => {
  const disk = limitedDisk();
  const store = await openLogStore(folder.path, { ...plain, disk, retryMs: 5 });
  const told: (string | null)[] = [];
  store.onBlocked?.((reason) => told.push(reason));
  store.write([["a", bytesOf(1)]]);
  await store.flushed();
  disk.isFull = true;
  let numDone = 0;
  for (let i = 0; i < 5; i++) {
    store.write([
      ["a", bytesOf(2 + i)],
      [`b${i}`, bytesOf(i, i)],
    ]);
    void store.flushed().then(() => numDone++);
  }
  await expect.poll(() => told.at(-1)).toContain("is full: nothing is accepted until there is space");
  expect(numDone).toBe(0);
  expect([...((await readLogStore(folder.path, null)) ?? [])]).toEqual([["a", bytesOf(1)]]); // what was cut in the middle is not there
  disk.isFull = false;
  await store.flushed();
  expect([numDone, told.at(-1)]).toEqual([5, null]);
  await store.close();
  expect((await readLogStore(folder.path, null))?.get("a")).toEqual(bytesOf(6));
  expect((await readLogStore(folder.path, null))?.get("b3")).toEqual(bytesOf(3, 3));
});

test("whoever ends while the disk is full is told that the writes failed, and what was safe stays", async () => {
  const disk = limitedDisk();
  const store = await openLogStore(folder.path, { ...plain, disk, retryMs: 60_000 });
  store.write([["a", bytesOf(1)]]);
  await store.flushed();
  disk.isFull = true;
  store.write([["a", bytesOf(2)]]);
  const flushed = store.flushed();
  await new Promise((resolve) => store.onBlocked?.((reason) => reason !== null && resolve(null)));
  store.stopWaiting?.();
  await expect(flushed).rejects.toThrow("a write failed, so the coordinator accepts nothing more");
  await store.close();
  expect((await readLogStore(folder.path, null))?.get("a")).toEqual(bytesOf(1));
});

test("an encrypted log holds nothing in clear, not even names, and needs its key", async () => {
  const store = await openLogStore(folder.path, { ...plain, key });
  store.write([["deviceState/00000004", new TextEncoder().encode("a private sentence")]]);
  await store.flushed();
  await store.close();
  for (const name of readdirSync(folder.path)) {
    const text = readFileSync(join(folder.path, name), "latin1");
    expect(text).not.toMatch(/private|deviceState/);
  }
  expect((await readLogStore(folder.path, key))?.size).toBe(1);
  await expect(readLogStore(folder.path, null)).rejects.toThrow(
    "is encrypted: give its key with --journal-key FILE, or in the environment as TUTTI_JOURNAL_KEY",
  );
  const other = { bytes: new Uint8Array(32).fill(6), from: "OTHER" };
  await expect(openLogStore(folder.path, { ...plain, key: other })).rejects.toThrow("is encrypted with another key than that of OTHER");
});

test("a log that was written in clear is encrypted as a whole once it is opened with a key, and nothing in clear is left", async () => {
  const first = await openLogStore(folder.path, plain);
  first.write([["a", new TextEncoder().encode("a private sentence")]]);
  await first.flushed();
  await first.close();
  const second = await openLogStore(folder.path, { ...plain, key });
  await second.close();
  for (const name of readdirSync(folder.path)) expect(readFileSync(join(folder.path, name), "latin1")).not.toContain("private");
  expect([...((await readLogStore(folder.path, key)) ?? [])]).toEqual([["a", new TextEncoder().encode("a private sentence")]]);
});

test("a log is read while another process writes it, over generations, and goes on after each opening", async () => {
  const { states } = await writeLog(folder.path, { ...plain, numBatches: 30, valueBytes: 50_000, seed: 2 });
  const reopened = await openLogStore(folder.path, plain);
  for (let i = 0; i < 20; i++) {
    reopened.write([["x", new Uint8Array(100_000).fill(i)]]);
    await reopened.flushed();
    const seen = await readLogStore(folder.path, null);
    expect(seen?.get("x")?.[0]).toBe(i);
    expect(seen?.size).toBe((states.at(-1)?.size ?? 0) + 1);
  }
  await reopened.close();
  expect(readdirSync(folder.path).filter((name) => statSync(join(folder.path, name)).size > 1000)).toHaveLength(2);
});

test("a store that cannot write for another reason fails and says so, and what was safe stays", async () => {
  let isBroken = false;
  const disk: LogDisk = {
    async open(path, flags) {
      const handle = await systemDisk.open(path, flags);
      return {
        datasync: () => (isBroken ? Promise.reject(Object.assign(new Error("i/o error"), { code: "EIO" })) : handle.datasync()),
        truncate: (numBytes) => handle.truncate(numBytes),
        close: () => handle.close(),
        write: handle.write.bind(handle),
      };
    },
  };
  const store = await openLogStore(folder.path, { ...plain, disk });
  store.write([["a", bytesOf(1)]]);
  await store.flushed();
  isBroken = true;
  store.write([["a", bytesOf(2)]]);
  await expect(store.flushed()).rejects.toThrow("a write failed, so the coordinator accepts nothing more");
  await expect(store.flushed()).rejects.toThrow("a write failed");
  await store.close();
  expect((await readLogStore(folder.path, null))?.get("a")).toEqual(bytesOf(1));
});

test("a large log begins its next generation in a thread, and what is written meanwhile is in it", async () => {
  const store = await openLogStore(folder.path, { ...plain, threadFromBytes: 1_500_000 });
  const written = new Map<string, number>();
  const generations = () => readdirSync(folder.path).filter((name) => name.endsWith(".log"));
  for (let i = 0; i < 2000 && !generations().includes("records-000002.log"); i++) {
    // large at first, then small ones while the thread is at work
    const key = `key ${i % 7}`;
    store.write([[key, new Uint8Array(i < 10 ? 300_000 : 1000).fill(i)]]);
    written.set(key, i & 255);
    await store.flushed();
  }
  expect(generations()).toEqual(["records-000001.log", "records-000002.log"]);
  await store.close();
  const read = await readLogStore(folder.path, null);
  expect(new Map([...(read ?? [])].map(([key, value]) => [key, value[0]]))).toEqual(written);
});
