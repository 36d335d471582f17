import type { DeviceRecord, DeviceStore } from "./deviceStore.ts";

const recordName = /^device-(\d+)\.bin$/;

/**
 * A store in a folder of its own (Node): one file per device and run, written beside and renamed, so a crash leaves the old or the new record.
 * Node's modules are loaded on the first use, which keeps them out of the pages.
 */
export function folderStore(folder: string): DeviceStore {
  const pathOf = async (runId: string, deviceId: number): Promise<string> => {
    const { join } = await import("node:path");
    return join(folder, encodeURIComponent(runId), `device-${deviceId}.bin`);
  };

  async function read(path: string): Promise<DeviceRecord | null> {
    const { readFile } = await import("node:fs/promises");
    const { deserialize } = await import("node:v8");
    const bytes = await readFile(path).catch(nullIfMissing);
    if (bytes === null) return null;
    try {
      return deserialize(bytes) as DeviceRecord;
    } catch (cause) {
      throw new Error(`${path}: not a device record; move the file away to start the device anew`, { cause });
    }
  }

  return {
    async list(runId) {
      const { readdir } = await import("node:fs/promises");
      const { join } = await import("node:path");
      const runFolder = join(folder, encodeURIComponent(runId));
      const names = (await readdir(runFolder).catch(nullIfMissing)) ?? [];
      const records = await Promise.all(names.filter((name) => recordName.test(name)).map((name) => read(join(runFolder, name))));
      return records.filter((record) => record !== null).sort((a, b) => a.deviceId - b.deviceId);
    },
    async get(runId, deviceId) {
      return read(await pathOf(runId, deviceId));
    },
    async put(runId, record) {
      const { mkdir, open, rename } = await import("node:fs/promises");
      const { dirname } = await import("node:path");
      const { serialize } = await import("node:v8");
      const path = await pathOf(runId, record.deviceId);
      await mkdir(dirname(path), { recursive: true });
      const file = await open(`${path}.new`, "w");
      try {
        await file.writeFile(serialize(record));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
    },
    async delete(runId, deviceId) {
      const { rm } = await import("node:fs/promises");
      await rm(await pathOf(runId, deviceId), { force: true });
    },
  };
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
