import type { BackendName } from "@tutti/model";

/** What a look at the browser and the device found; null for whatever the browser does not tell. */
export interface DeviceFacts {
  /** Https or this machine. */
  readonly isSecure: boolean;
  /** Whether threads can share memory. */
  readonly isIsolated: boolean;
  readonly userAgent: string;
  readonly numCores: number;
  readonly gpu: "unsupported" | "noAdapter" | "software" | "hardware";
  /** What the page's address asks for. */
  readonly asked: BackendName | null;
  /** What an earlier visit measured. */
  readonly remembered: { readonly backend: "webgpu" | "wasm"; readonly threads: number } | null;
  /** Multiplications and additions a second on one core. */
  readonly flopsPerSecond: number | null;
  readonly memoryGib: number | null;
  /** Whether this site may store anything. */
  readonly canStore: boolean;
  /** Null where nothing tells. */
  readonly isPrivate: boolean | null;
  readonly freeBytes: number | null;
  readonly battery: { readonly level: number; readonly isCharging: boolean } | null;
}

/** What the run needs; null while it is not known. */
export interface RunNeeds {
  /** That still has to be downloaded and kept. */
  readonly newBytes: number | null;
  /** While it trains. */
  readonly memoryBytes: number | null;
  /** While it computes forward passes alone; null also where the run has no work for a device that does no more. */
  readonly forwardBytes: number | null;
}

/** How something that is missing can be mended. */
export type Mend =
  | "openHttps"
  | "firefoxNew"
  | "firefoxFlag"
  | "chromeFlag"
  | "chromeNew"
  | "safari"
  | "hardware"
  | "notIsolated"
  | "closeOthers"
  | "room"
  | "privateWindow"
  | "allowStorage"
  | "plugIn";

/** What is said of one part of the device; `isGood` where nothing needs mending. */
export type Finding = { readonly isGood: boolean; readonly mend: Mend | null } & (
  | { readonly of: "backend"; readonly kind: "asked"; readonly backend: BackendName }
  | { readonly of: "backend"; readonly kind: "remembered"; readonly backend: "webgpu" | "wasm"; readonly threads: number }
  | { readonly of: "backend"; readonly kind: "measured" | "software" | "noGpu"; readonly threads: number }
  | { readonly of: "backend"; readonly kind: "plainHttp" }
  | { readonly of: "speed"; readonly gigaflops: number; readonly numCores: number }
  | { readonly of: "memory"; readonly kind: "enough" | "forward" | "low"; readonly gib: number; readonly neededBytes: number }
  | { readonly of: "storage"; readonly kind: "room" | "littleRoom"; readonly freeBytes: number; readonly neededBytes: number }
  | { readonly of: "storage"; readonly kind: "works" | "private" | "none" }
  | { readonly of: "battery"; readonly level: number; readonly isCharging: boolean }
);

/** What a pre-flight says, the backend first; parts of which the browser tells nothing are left out. */
export function preflight(facts: DeviceFacts, needs: RunNeeds): readonly Finding[] {
  return [
    backendFinding(facts),
    speedFinding(facts),
    memoryFinding(facts, needs),
    storageFinding(facts, needs),
    batteryFinding(facts),
  ].filter((finding) => finding !== null);
}

function backendFinding(facts: DeviceFacts): Finding {
  const { asked, remembered, gpu, isSecure, isIsolated, numCores } = facts;
  const threads = isIsolated ? numCores : 1;
  const fewThreads: Mend | null = isIsolated ? null : "notIsolated";
  if (asked !== null) return { of: "backend", kind: "asked", backend: asked, isGood: true, mend: null };
  // the reason is the address, whatever else this browser lacks
  if (!isSecure) return { of: "backend", kind: "plainHttp", isGood: false, mend: "openHttps" };
  if (remembered !== null) return { of: "backend", kind: "remembered", ...remembered, isGood: true, mend: mendFor(facts) ?? fewThreads };
  if (gpu === "hardware") return { of: "backend", kind: "measured", threads, isGood: true, mend: fewThreads };
  const kind = gpu === "software" ? "software" : "noGpu";
  return { of: "backend", kind, threads, isGood: false, mend: mendFor(facts) ?? fewThreads };
}

/** How this browser could use the GPU; null where it does, or where nothing is known to help. */
function mendFor({ gpu, userAgent }: DeviceFacts): Mend | null {
  if (gpu === "hardware") return null;
  if (gpu === "software") return "hardware";
  const { name, version, isLinux, isWindows } = browserOf(userAgent);
  if (name === "firefox") return isWindows && version < 141 ? "firefoxNew" : "firefoxFlag";
  if (name === "safari") return version < 26 ? "safari" : null;
  if (name !== "chrome") return null;
  if (version < 113) return "chromeNew";
  return isLinux ? "chromeFlag" : gpu === "noAdapter" ? "hardware" : null;
}

/** The engine by its family, and how old it is. */
export function browserOf(userAgent: string) {
  const versionAfter = (mark: string) => Number(new RegExp(`${mark}/(\\d+)`).exec(userAgent)?.[1] ?? 0);
  const system = { isWindows: userAgent.includes("Windows"), isLinux: userAgent.includes("Linux") && !userAgent.includes("Android") };
  if (userAgent.includes("Firefox/")) return { name: "firefox", version: versionAfter("Firefox"), ...system } as const;
  if (userAgent.includes("Chrome/")) return { name: "chrome", version: versionAfter("Chrome"), ...system } as const;
  if (userAgent.includes("Safari/")) return { name: "safari", version: versionAfter("Version"), ...system } as const;
  return { name: "other", version: 0, ...system } as const;
}

/** Under this a step of even a small model takes long. */
const slowFlops = 1e8;

function speedFinding({ flopsPerSecond, numCores }: DeviceFacts): Finding | null {
  if (flopsPerSecond === null) return null;
  return { of: "speed", gigaflops: flopsPerSecond / 1e9, numCores, isGood: flopsPerSecond >= slowFlops, mend: null };
}

/** The share of a device's memory that a tab may use: browsers give it about half, and there are others. */
const usableShare = 1 / 4;

function memoryFinding(
  { memoryGib }: Pick<DeviceFacts, "memoryGib">,
  { memoryBytes, forwardBytes }: RunNeeds,
): (Finding & { readonly of: "memory" }) | null {
  if (memoryGib === null) return null;
  const neededBytes = memoryBytes ?? 0;
  const fits = (numBytes: number) => numBytes <= memoryGib * 2 ** 30 * usableShare;
  const kind = fits(neededBytes) ? "enough" : forwardBytes !== null && fits(forwardBytes) ? "forward" : "low";
  const isGood = kind !== "low";
  return { of: "memory", kind, gib: memoryGib, neededBytes, isGood, mend: isGood ? null : "closeOthers" };
}

/** Whether a device takes part with forward passes alone: no more fits into its memory, and the run has work for it. */
export function isForwardOnly(facts: Pick<DeviceFacts, "memoryGib">, needs: RunNeeds): boolean {
  return memoryFinding(facts, needs)?.kind === "forward";
}

function storageFinding({ canStore, isPrivate, freeBytes }: DeviceFacts, { newBytes }: RunNeeds): Finding {
  if (!canStore) return { of: "storage", kind: "none", isGood: false, mend: isPrivate === true ? "privateWindow" : "allowStorage" };
  if (isPrivate === true) return { of: "storage", kind: "private", isGood: false, mend: "privateWindow" };
  if (freeBytes === null) return { of: "storage", kind: "works", isGood: true, mend: null };
  const neededBytes = newBytes ?? 0;
  const isGood = freeBytes >= neededBytes;
  return { of: "storage", kind: isGood ? "room" : "littleRoom", freeBytes, neededBytes, isGood, mend: isGood ? null : "room" };
}

const lowBattery = 0.2;

function batteryFinding({ battery }: DeviceFacts): Finding | null {
  if (battery === null) return null;
  const isGood = battery.isCharging || battery.level > lowBattery;
  return { of: "battery", ...battery, isGood, mend: isGood ? null : "plugIn" };
}
