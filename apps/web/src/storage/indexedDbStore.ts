import type { DeviceRecord, DeviceStore } from "@tutti/client";
import { inTransaction } from "./database.ts";

/** One client's devices in IndexedDB, apart from those of other tabs: one record per run and device, each `put` one transaction. */
export function indexedDbStore(database: IDBDatabase, clientKey: string): DeviceStore {
  const keyOf = (runId: string, deviceId: number): string => `${clientKey}/${runId}/${String(deviceId).padStart(6, "0")}`;
  return {
    list(runId) {
      const range = IDBKeyRange.bound(`${clientKey}/${runId}/`, `${clientKey}/${runId}/\uffff`);
      return inTransaction<DeviceRecord[]>(database, "devices", "readonly", (store) => store.getAll(range));
    },
    async get(runId, deviceId) {
      const record = await inTransaction<DeviceRecord | undefined>(database, "devices", "readonly", (store) =>
        store.get(keyOf(runId, deviceId)),
      );
      return record ?? null;
    },
    async put(runId, record, durability = "strict") {
      await inTransaction(database, "devices", durability, (store) => store.put(record, keyOf(runId, record.deviceId)));
    },
    async delete(runId, deviceId) {
      await inTransaction(database, "devices", "relaxed", (store) => store.delete(keyOf(runId, deviceId)));
    },
  };
}
