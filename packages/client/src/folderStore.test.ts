import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { DeviceRecord } from "./deviceStore.ts";
import { folderStore } from "./folderStore.ts";
import { promptOf } from "./testing/fakeTrainer.ts";

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-store-"));
  folders.push(folder);
  return folder;
}

const record: DeviceRecord = {
  deviceId: 12,
  version: "c".repeat(32),
  state: {
    local: { "prefix/1": promptOf(3) },
    moments: { m: { "prefix/1": promptOf(4) }, v: { "prefix/1": promptOf(5) }, step: 7 },
    stageSteps: 9,
  },
  pending: {
    submit: {
      taskId: "d".repeat(32),
      deviceId: 12,
      header: { kind: "train", numSteps: 3, firstLoss: 2, lastLoss: 1 },
      tensors: Uint8Array.of(9, 8, 7),
    },
    state: { local: { "prefix/1": promptOf(6) }, moments: null, stageSteps: 12 },
  },
};

test("what one process puts another one finds, to the bit, by run", async () => {
  const folder = await newFolder();
  await folderStore(folder).put("run-1", record);
  await folderStore(folder).put("run-1", { ...record, deviceId: 2 });
  await folderStore(folder).put("run-2", { ...record, deviceId: 5 });
  expect(await folderStore(folder).get("run-1", 12)).toEqual(record);
  expect((await folderStore(folder).list("run-1")).map(({ deviceId }) => deviceId)).toEqual([2, 12]);
  expect(await folderStore(folder).get("run-1", 5)).toBeNull();
  expect(await folderStore(folder).list("run-3")).toEqual([]);
});

test("a put that crashed half-way leaves the record before it", async () => {
  const folder = await newFolder();
  const store = folderStore(folder);
  await store.put("run-1", record);
  await writeFile(join(folder, "run-1", "device-12.bin.new"), "half of a rec");
  expect(await folderStore(folder).list("run-1")).toEqual([record]);
});

test("a deleted device is gone, a second deletion changes nothing, and a foreign file is named", async () => {
  const folder = await newFolder();
  const store = folderStore(folder);
  await store.put("run-1", record);
  await store.delete("run-1", 12);
  await store.delete("run-1", 12);
  expect(await readdir(join(folder, "run-1"))).toEqual([]);
  await writeFile(join(folder, "run-1", "device-4.bin"), "something else");
  await expect(store.get("run-1", 4)).rejects.toThrow(/device-4\.bin: this is not a device record/);
});

test("a device's private state is its owner's alone, also in a folder that others can read", async () => {
  const folder = await newFolder();
  await mkdir(join(folder, "run"), { mode: 0o755 });
  await folderStore(folder).put("run", record);
  const [name = ""] = await readdir(join(folder, "run"));
  expect((await stat(join(folder, "run", name))).mode & 0o777).toBe(0o600);
});
