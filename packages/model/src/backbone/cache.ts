/** Keeps shards between visits, by the hash of their bytes. Implementations may lose anything at any time. */
export interface BackboneCache {
  get(sha256: string): Promise<Uint8Array<ArrayBuffer> | null>;
  put(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** Keeps nothing. */
export function noCache(): BackboneCache {
  return { get: async () => null, put: async () => {} };
}

/** Keeps shards in memory, as long as the cache itself lives. */
export function memoryCache(): BackboneCache {
  const shards = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    get: async (sha256) => shards.get(sha256) ?? null,
    put: async (sha256, bytes) => {
      shards.set(sha256, bytes);
    },
  };
}

/** Keeps shards in Cache Storage, which browsers offer to https pages and localhost. */
export function cacheStorageCache(storage: CacheStorage = globalThis.caches, name = "tutti-backbones"): BackboneCache {
  const keyOf = (sha256: string) => `/backbone-shards/${sha256}`;
  return {
    get: async (sha256) => {
      const response = await (await storage.open(name)).match(keyOf(sha256));
      return response === undefined ? null : new Uint8Array(await response.arrayBuffer());
    },
    put: async (sha256, bytes) => {
      await (await storage.open(name)).put(keyOf(sha256), new Response(bytes));
    },
  };
}

/** Keeps shards in IndexedDB: slower, but there on plain http too. */
export function indexedDbCache(factory: IDBFactory = globalThis.indexedDB, name = "tutti-backbones"): BackboneCache {
  const store = "shards";
  const open = async () => {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(store);
    return settled(request);
  };
  const run = async <T>(mode: IDBTransactionMode, act: (shards: IDBObjectStore) => IDBRequest<T>) => {
    const database = await open();
    try {
      return await settled(act(database.transaction(store, mode).objectStore(store)));
    } finally {
      database.close();
    }
  };
  return {
    get: async (sha256) => {
      const found: unknown = await run("readonly", (shards) => shards.get(sha256));
      return found instanceof ArrayBuffer ? new Uint8Array(found) : null;
    },
    put: async (sha256, bytes) => {
      const copy = bytes.slice().buffer;
      await run("readwrite", (shards) => shards.put(copy, sha256));
    },
  };
}

/** The best cache that this place offers: Cache Storage, else IndexedDB, else none (Node). */
export function defaultCache(): BackboneCache {
  if (typeof globalThis.caches === "object" && globalThis.isSecureContext) return cacheStorageCache();
  return typeof globalThis.indexedDB === "object" ? indexedDbCache() : noCache();
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error("IndexedDB refused a request", { cause: request.error }));
  });
}
