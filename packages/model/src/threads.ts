/** What a place says of itself that decides how many threads WASM may use there. */
export interface ThreadFacts {
  /** Logical cores, as the browser tells them. */
  readonly numCores: number;
  readonly isBrowser: boolean;
  /** Https or localhost. */
  readonly isSecureContext: boolean;
  /** Whether the page came with the headers that isolate it from other origins. */
  readonly isIsolated: boolean;
  readonly hasSharedMemory: boolean;
}

/** The facts of this page, worker or process. */
export function threadFacts(): ThreadFacts {
  return {
    numCores: globalThis.navigator?.hardwareConcurrency ?? 1,
    isBrowser: typeof globalThis.location === "object",
    isSecureContext: globalThis.isSecureContext === true,
    isIsolated: globalThis.crossOriginIsolated === true,
    hasSharedMemory: typeof SharedArrayBuffer !== "undefined",
  };
}

/** How many threads WASM may use here, where 0 asks for as many as there are cores: shared memory exists only in isolated pages. */
export function availableThreads(wanted: number, facts: ThreadFacts = threadFacts()): number {
  const { numCores, isIsolated, hasSharedMemory } = facts;
  return isIsolated && hasSharedMemory ? Math.max(1, wanted === 0 ? numCores : Math.min(wanted, numCores)) : 1;
}

/** Why there are fewer threads than were wanted. */
export interface FewThreads {
  readonly kind: "insecure" | "notIsolated" | "noSharedMemory" | "oneCore" | "fewCores";
  readonly threads: number;
}

/** Why a page computes on one thread although more were wanted, or on fewer than were asked for; null where there is nothing to explain. */
export function fewThreads(wanted: number, facts: ThreadFacts = threadFacts()): FewThreads | null {
  const { numCores, isBrowser, isSecureContext, isIsolated, hasSharedMemory } = facts;
  if (!isBrowser || wanted === 1) return null;
  if (!isSecureContext) return { kind: "insecure", threads: 1 };
  if (!isIsolated) return { kind: "notIsolated", threads: 1 };
  if (!hasSharedMemory) return { kind: "noSharedMemory", threads: 1 };
  if (numCores === 1) return { kind: "oneCore", threads: 1 };
  return wanted > numCores ? { kind: "fewCores", threads: numCores } : null;
}

/** The same as part of a sentence. */
export function threadsNote({ kind, threads }: FewThreads): string {
  switch (kind) {
    case "insecure":
      return "one thread, because browsers share memory between threads only on pages from https or localhost";
    case "notIsolated":
      return "one thread, because this page came without the headers that isolate it (Cross-Origin-Opener-Policy, Cross-Origin-Embedder-Policy) or is inside another page";
    case "noSharedMemory":
      return "one thread, because this browser shares no memory between threads";
    case "oneCore":
      return "one thread, because this browser says that the computer has one core";
    case "fewCores":
      return `${threads} threads, because this browser says that the computer has ${threads} cores`;
  }
}
