import type { DeviceRecord, DeviceStore } from "@tutti/client";
import { inTransaction } from "./database.ts";

/** Devices in IndexedDB: one record per run and device, each `put` one transaction. */
export function indexedDbStore(database: IDBDatabase): DeviceStore {
  const keyOf = (runId: string, deviceId: number): string => `${runId}/${String(deviceId).padStart(6, "0")}`;
  return {
    list(runId) {
      const range = IDBKeyRange.bound(`${runId}/`, `${runId}/\uffff`);
      return inTransaction<DeviceRecord[]>(database, "devices", "readonly", (store) => store.getAll(range));
    },
    async get(runId, deviceId) {
      const record = await inTransaction<DeviceRecord | undefined>(database, "devices", "readonly", (store) =>
        store.get(keyOf(runId, deviceId)),
      );
      return record ?? null;
    },
    async put(runId, record) {
      await inTransaction(database, "devices", "readwrite", (store) => store.put(record, keyOf(runId, record.deviceId)));
    },
    async delete(runId, deviceId) {
      await inTransaction(database, "devices", "readwrite", (store) => store.delete(keyOf(runId, deviceId)));
    },
  };
}
