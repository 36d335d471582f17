import type { DeviceRecord, DeviceStore } from "./deviceStore.ts";

/** A store that lasts as long as its process; records are copied in and out, as a disk would. */
export function memoryStore(): DeviceStore {
  const records = new Map<string, DeviceRecord>();
  const keyOf = (runId: string, deviceId: number): string => `${runId}/${deviceId}`;
  return {
    async list(runId) {
      const found = [...records].filter(([key]) => key.startsWith(`${runId}/`)).map(([, record]) => structuredClone(record));
      return found.sort((a, b) => a.deviceId - b.deviceId);
    },
    async get(runId, deviceId) {
      const record = records.get(keyOf(runId, deviceId));
      return record === undefined ? null : structuredClone(record);
    },
    async put(runId, record) {
      records.set(keyOf(runId, record.deviceId), structuredClone(record));
    },
    async delete(runId, deviceId) {
      records.delete(keyOf(runId, deviceId));
    },
  };
}
