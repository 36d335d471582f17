/** What a browser keeps of this site, as far as the pages put it there. */
export interface KeptHere {
  readonly databases: Pick<IDBFactory, "databases" | "deleteDatabase"> | undefined;
  readonly caches: Pick<CacheStorage, "keys" | "delete"> | undefined;
  /** Throws where the browser's settings forbid it. */
  readonly storages: readonly (() => Pick<Storage, "length" | "key" | "removeItem">)[];
  readonly workers: Pick<ServiceWorkerContainer, "getRegistrations"> | undefined;
}

/** This browser's. */
export function keptHere(): KeptHere {
  return {
    databases: globalThis.indexedDB,
    caches: globalThis.caches,
    storages: [() => localStorage, () => sessionStorage],
    workers: navigator.serviceWorker,
  };
}

/** Everything that the pages keep is called so. */
const ours = /^tutti/;

/** Of browsers that do not list their databases. */
const known = ["tutti", "tutti-examples", "tutti-backbones"];

/**
 * Deletes all that the pages of any run keep at this address: models, places in runs, examples, names, choices, and the copy that works offline.
 * Resolves with whether all of it is gone: a database stays while another tab uses it.
 */
export async function forgetEverything({ databases, caches, storages, workers }: KeptHere): Promise<boolean> {
  for (const storage of storages) quietly(() => emptied(storage()));
  const [names, cacheNames, registrations] = await Promise.all([
    listed(databases),
    caches?.keys().catch(() => []) ?? [],
    workers?.getRegistrations().catch(() => []) ?? [],
  ]);
  const gone = await Promise.all([
    ...names.map((name) => deleted(databases, name)),
    ...cacheNames.filter((name) => ours.test(name)).map((name) => caches?.delete(name).catch(() => false) ?? true),
    ...registrations.map((registration) => registration.unregister().catch(() => false)),
  ]);
  return gone.every(Boolean);
}

function emptied(storage: Pick<Storage, "length" | "key" | "removeItem">): void {
  const names = Array.from({ length: storage.length }, (_, at) => storage.key(at)).filter((name) => name !== null);
  for (const name of names) if (ours.test(name)) storage.removeItem(name);
}

/** A browser whose settings forbid this site to keep anything throws, and has kept nothing. */
function quietly(act: () => void): void {
  try {
    act();
  } catch {
    return;
  }
}

async function listed(databases: KeptHere["databases"]): Promise<readonly string[]> {
  const found = await databases?.databases?.().catch(() => null);
  return found == null
    ? databases === undefined
      ? []
      : known
    : found.flatMap(({ name }) => (name !== undefined && ours.test(name) ? [name] : []));
}

function deleted(databases: KeptHere["databases"], name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = databases?.deleteDatabase(name);
    if (request === undefined) return resolve(true);
    request.onsuccess = () => resolve(true);
    request.onerror = () => resolve(false);
    request.onblocked = () => resolve(false);
  });
}
