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

const cacheName = "tutti-backbones";
const storeName = "shards";
const keyOf = (sha256: string) => `/backbone-shards/${sha256}`;

/** Keeps shards in Cache Storage, which browsers offer to https pages and localhost. */
export function cacheStorageCache(storage: CacheStorage = globalThis.caches, name = cacheName): BackboneCache {
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
export function indexedDbCache(factory: IDBFactory = globalThis.indexedDB, name = cacheName): BackboneCache {
  const store = storeName;
  const open = () => openShards(factory, name);
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
  if (hasCacheStorage()) return cacheStorageCache();
  return typeof globalThis.indexedDB === "object" ? indexedDbCache() : noCache();
}

/** Which of these files the best cache holds, without reading them. */
export async function keptFiles(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
  if (hasCacheStorage()) {
    const cache = await globalThis.caches.open(cacheName);
    const found = await Promise.all(sha256s.map(async (sha256) => (await cache.match(keyOf(sha256))) !== undefined));
    return new Set(sha256s.filter((_, i) => found[i] === true));
  }
  if (typeof globalThis.indexedDB !== "object") return new Set();
  const database = await openShards(globalThis.indexedDB, cacheName);
  try {
    const keys = new Set(await settled(database.transaction(storeName, "readonly").objectStore(storeName).getAllKeys()));
    return new Set(sha256s.filter((sha256) => keys.has(sha256)));
  } finally {
    database.close();
  }
}

function hasCacheStorage(): boolean {
  return typeof globalThis.caches === "object" && globalThis.isSecureContext;
}

function openShards(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  const request = factory.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(storeName);
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error("IndexedDB refused a request", { cause: request.error }));
  });
}
