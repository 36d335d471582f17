import type { DeviceRecord } from "@tutti/client";
import type { Params } from "@tutti/core";
import { inTransaction, openDatabase } from "../storage/database.ts";

/** A device of this browser, with the layers that it keeps to itself. */
export interface OwnLayers {
  readonly deviceId: number;
  readonly local: Params;
}

/** Devices of a run that this browser hosted and that have layers of their own, in the order of their numbers; none where it keeps nothing. */
export async function ownLayersOf(runId: string): Promise<readonly OwnLayers[]> {
  try {
    const database = await openDatabase();
    const [keys, records] = await Promise.all([
      inTransaction<IDBValidKey[]>(database, "devices", "readonly", (store) => store.getAllKeys()),
      inTransaction<DeviceRecord[]>(database, "devices", "readonly", (store) => store.getAll()),
    ]);
    database.close();
    return layersAmong(keys.map(String), records, runId);
  } catch {
    return []; // a browser that keeps nothing took part without a trace
  }
}

/** The same among rows by their keys, `client/run/device`; where several tabs hosted a device in turn, the one that trained it longest. */
export function layersAmong(keys: readonly string[], records: readonly DeviceRecord[], runId: string): readonly OwnLayers[] {
  const found = new Map<number, { readonly local: Params; readonly stageSteps: number }>();
  keys.forEach((key, index) => {
    const { deviceId, state } = records[index] ?? {};
    if (key.split("/")[1] !== runId || deviceId === undefined || state == null) return;
    if (Object.keys(state.local).length === 0 || state.stageSteps < (found.get(deviceId)?.stageSteps ?? 0)) return;
    found.set(deviceId, { local: state.local, stageSteps: state.stageSteps });
  });
  return [...found].map(([deviceId, { local }]) => ({ deviceId, local })).sort((a, b) => a.deviceId - b.deviceId);
}
