import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { isDeviceRecord } from "./deviceRecord.ts";
import type { DeviceRecord, DeviceStore } from "./deviceStore.ts";

const recordName = /^device-(\d+)\.bin$/;

/**
 * A store in a folder of its own (Node): one file per device and run, written beside and renamed, so a crash leaves the old or the new record.
 */
export function folderStore(folder: string): DeviceStore {
  const pathOf = (runId: string, deviceId: number): string => join(folder, encodeURIComponent(runId), `device-${deviceId}.bin`);

  async function read(path: string): Promise<DeviceRecord | null> {
    const bytes = await readFile(path).catch(nullIfMissing);
    if (bytes === null) return null;
    const record = deserialized(bytes);
    if (isDeviceRecord(record) && path.endsWith(`device-${record.deviceId}.bin`)) return record;
    throw new Error(`${path}: this is not a device record; move the file away, and the device starts again`);
  }

  return {
    async list(runId) {
      const runFolder = join(folder, encodeURIComponent(runId));
      const names = (await readdir(runFolder).catch(nullIfMissing)) ?? [];
      const records = await Promise.all(names.filter((name) => recordName.test(name)).map((name) => read(join(runFolder, name))));
      return records.filter((record) => record !== null).sort((a, b) => a.deviceId - b.deviceId);
    },
    async get(runId, deviceId) {
      return read(pathOf(runId, deviceId));
    },
    async put(runId, record) {
      const path = pathOf(runId, record.deviceId);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 }); // private states
      const file = await open(`${path}.new`, "w", 0o600);
      try {
        await file.writeFile(serialize(record));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
    },
    async delete(runId, deviceId) {
      await rm(pathOf(runId, deviceId), { force: true });
    },
  };
}

function deserialized(bytes: Uint8Array): unknown {
  try {
    return deserialize(bytes);
  } catch {
    return null; // damaged, or cut off
  }
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
