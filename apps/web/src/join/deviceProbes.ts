import { findAdapter, isSoftwareAdapter } from "@tutti/model/adapter";
import type { BackendMemory } from "../storage/rememberedBackend.ts";
import type { DeviceFacts } from "./preflight.ts";
import type { PageParams } from "./queryParams.ts";

/** A question that a browser leaves open longer than this is one that it does not answer. */
const patienceMs = 2_000;

/** Looks at this browser and device. It takes at most about two seconds, holds the page up for no longer than 10 ms at a time, and starts nothing on the GPU. */
export async function lookAtDevice(params: Pick<PageParams, "backend">, memory: Pick<BackendMemory, "look">): Promise<DeviceFacts> {
  const [gpu, canStore, isPrivate, freeBytes, battery, flopsPerSecond] = await Promise.all([
    inTime(gpuOf(), "noAdapter" as const),
    inTime(storageWorks(), false),
    inTime(isPrivateWindow(), null),
    inTime(freeStorage(), null),
    inTime(batteryOf(), null),
    inTime(rateOfOneCore(), null),
  ]);
  return {
    isSecure: isSecureContext,
    isIsolated: crossOriginIsolated === true && typeof SharedArrayBuffer !== "undefined",
    userAgent: navigator.userAgent,
    numCores: navigator.hardwareConcurrency,
    gpu,
    asked: params.backend === "auto" ? null : params.backend,
    remembered: memory.look(),
    flopsPerSecond,
    memoryGib: "deviceMemory" in navigator && typeof navigator.deviceMemory === "number" ? navigator.deviceMemory : null,
    canStore,
    isPrivate,
    freeBytes,
    battery,
  };
}

async function inTime<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  const late = new Promise<T>((resolve) => setTimeout(() => resolve(otherwise), patienceMs));
  return Promise.race([answer.catch(() => otherwise), late]);
}

async function gpuOf(): Promise<DeviceFacts["gpu"]> {
  if (navigator.gpu === undefined) return "unsupported";
  return isSoftwareAdapter((await findAdapter()).name) ? "software" : "hardware";
}

/** Opens a database as the tab will, and deletes it. */
function storageWorks(): Promise<boolean> {
  const name = "tutti-preflight";
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onerror = () => reject(new Error("no database is opened here", { cause: request.error }));
    request.onsuccess = () => {
      request.result.close();
      indexedDB.deleteDatabase(name);
      resolve(true);
    };
  });
}

/** Firefox and Safari refuse the site's own file system in private windows alone; others do not tell. */
async function isPrivateWindow(): Promise<boolean | null> {
  const storage = navigator.storage as Partial<StorageManager> | undefined;
  if (storage?.getDirectory === undefined || navigator.userAgent.includes("Chrome/")) return null;
  return storage.getDirectory().then(
    () => false,
    () => true,
  );
}

async function freeStorage(): Promise<number | null> {
  const storage = navigator.storage as Partial<StorageManager> | undefined;
  const { quota, usage } = (await storage?.estimate?.()) ?? {};
  return quota === undefined ? null : Math.max(0, quota - (usage ?? 0));
}

interface Battery {
  readonly level: number;
  readonly charging: boolean;
}

async function batteryOf(): Promise<DeviceFacts["battery"]> {
  const { getBattery } = navigator as { getBattery?: () => Promise<Battery> };
  if (getBattery === undefined) return null;
  const { level, charging } = await getBattery.call(navigator);
  // what has no battery says that it is full and charging
  return level === 1 && charging ? null : { level, isCharging: charging };
}

const sliceMs = 8;
const numSlices = 12;

/** Multiplications and additions a second of plain JavaScript on one core, measured in slices between which the page can answer. */
async function rateOfOneCore(): Promise<number> {
  const values = new Float32Array(4096).map((_, i) => 1 + i / 4096);
  let best = 0;
  for (let slice = 0; slice < numSlices; slice++) {
    await new Promise((resolve) => setTimeout(resolve, sliceMs));
    best = Math.max(best, rateOver(values, sliceMs));
  }
  return best;
}

function rateOver(values: Float32Array, ms: number): number {
  const start = performance.now();
  let numDone = 0;
  let sum = 0;
  while (performance.now() - start < ms) {
    for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) * 0.999;
    numDone += 2 * values.length;
  }
  // the sum is looked at, so that nothing is optimised away
  return Number.isFinite(sum) ? numDone / ((performance.now() - start) / 1000) : 0;
}
