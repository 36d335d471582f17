import { type ClientProfile, clientProfileSchema } from "@tutti/core";

/** Share of a device's memory that training in a tab may use: browsers give a tab about half, and there are others. */
const usableShare = 1 / 4;
/** Where the browser does not say it. */
const assumedMemory = 2 * 2 ** 30;
const assumedLink = 1e6;

/** Memory and link as this browser knows them (P-18); the rate is measured once the backend has started. */
export function machineProfile(from: ProfileSources = browserSources()): Omit<ClientProfile, "flopsPerSecond"> {
  const { memoryGib, downloads } = from;
  const memoryBytes = Math.round((memoryGib === null ? assumedMemory : memoryGib * 2 ** 30) * usableShare);
  const rates = downloads.filter(({ ms, numBytes }) => ms > 0 && numBytes > 10_000).map(({ ms, numBytes }) => numBytes / (ms / 1000));
  const { shape } = clientProfileSchema;
  const link = shape.bytesPerSecond.safeParse(Math.max(...rates));
  return { memoryBytes: Math.max(shape.memoryBytes.minValue ?? 0, memoryBytes), bytesPerSecond: link.success ? link.data : assumedLink };
}

/** What a browser can say of its machine. */
export interface ProfileSources {
  /** Null where it does not say. */
  readonly memoryGib: number | null;
  /** Of this page's files. */
  readonly downloads: readonly { readonly ms: number; readonly numBytes: number }[];
}

function browserSources(): ProfileSources {
  const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  return {
    memoryGib: "deviceMemory" in navigator && typeof navigator.deviceMemory === "number" ? navigator.deviceMemory : null,
    downloads: entries.map(({ responseStart, responseEnd, transferSize }) => ({ ms: responseEnd - responseStart, numBytes: transferSize })),
  };
}
