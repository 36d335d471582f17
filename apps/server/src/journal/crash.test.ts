import { open } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { temporaryFolder } from "../testing/startTest.ts";
import { inspectLog } from "./inspectLog.ts";
import type { KeyValueStore } from "./keyValueStore.ts";
import type { LogDisk } from "./logDisk.ts";
import { listGenerations } from "./logFiles.ts";
import { openLogStore } from "./logStore.ts";

const folder = temporaryFolder();
afterEach(() => folder.remove());

/** A disk on which nothing is done any more from the n-th operation on, as after a kill; the n-th write is cut in its middle. */
function dyingDisk(numOperations: number): LogDisk & { readonly isDead: boolean } {
  let left = numOperations;
  const step = async <T>(act: () => Promise<T>): Promise<T> => {
    left -= 1;
    if (left < 0) throw new Error("killed");
    return act();
  };
  return {
    get isDead() {
      return left <= 0;
    },
    async open(path, flags) {
      const handle = await step(() => open(path, flags, 0o600));
      return {
        close: () => handle.close(),
        datasync: () => step(() => Promise.resolve()), // a kill leaves what was written to the system
        truncate: (numBytes?: number) => step(() => handle.truncate(numBytes)),
        write: ((bytes: Uint8Array, offset: number, length: number, position: number) =>
          step(() =>
            handle.write(bytes, offset, left === 0 && !path.endsWith("head") ? Math.ceil(length / 2) : length, position),
          )) as typeof handle.write,
      };
    },
  };
}

const numWrites = 11;

/** Writes until the disk dies; how many writes were acknowledged. */
async function writeUntilDead(log: string, disk: LogDisk): Promise<number> {
  let numAcknowledged = 0;
  let store: KeyValueStore | null = null;
  try {
    store = await openLogStore(log, { key: null, keepsPrevious: true, disk });
    for (let i = 1; i <= numWrites; i++) {
      store.write([
        ["count", Uint8Array.of(i)],
        ["state", new Uint8Array(60_000).fill(i)],
      ]);
      await store.flushed();
      numAcknowledged = i;
    }
  } catch (error) {
    if (!/killed|a write failed|put off/.test(String(error))) throw error;
  }
  await store?.close().catch(() => undefined);
  return numAcknowledged;
}

test("wherever a kill falls, also while a generation is begun, the log is sound and has what was acknowledged (P-44)", async () => {
  let numGenerations = 0;
  for (let n = 1; ; n++) {
    const log = join(folder.path, String(n));
    const disk = dyingDisk(n);
    const numAcknowledged = await writeUntilDead(log, disk);
    const found = await inspectLog(log, null, true);
    if (found.kind === "damaged") throw new Error(`after operation ${n}: ${found.damage.what}`);
    const count = found.kind === "absent" ? 0 : (found.log.values.get("count")?.[0] ?? 0);
    expect(count).toBeGreaterThanOrEqual(numAcknowledged);
    expect(count).toBeLessThanOrEqual(numAcknowledged + 1);
    const state = found.kind === "sound" ? found.log.values.get("state") : undefined;
    if (count > 0) expect(Buffer.alloc(60_000, count).equals(state ?? new Uint8Array(0))).toBe(true);
    numGenerations = Math.max(numGenerations, listGenerations(log).at(-1) ?? 0);
    if (!disk.isDead) break;
  }
  expect(numGenerations).toBeGreaterThan(1);
});
