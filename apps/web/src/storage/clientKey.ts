import { inTransaction } from "./database.ts";

/** A client key with the tab slot it belongs to; `aliveAtMs` and `owner` matter only where the browser has no Web Locks. */
export interface ClientRow {
  readonly clientKey: string;
  /** What the place is for: the number of a numbered tab, the fingerprint of own examples; a key is taken over only for the same. */
  readonly slot: string;
  readonly claimedAtMs: number;
  readonly aliveAtMs: number;
  readonly owner: string | null;
}

/** A key that no other tab of this browser uses until `release`. */
export interface ClaimedKey {
  readonly clientKey: string;
  release(): void;
}

const heartbeatMs = 2_000;
/** A tab that has not written for so long is gone; hidden tabs write at least once a second, throttled ones once a minute. */
const staleMs = 90_000;

/** Hex of 16 random bytes; `crypto.randomUUID` is missing outside secure contexts. */
export function newClientKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Takes over the most recently used key that no open tab holds, or makes a new one: a volunteer who returns keeps the devices,
 * a duplicated tab gets a key of its own.
 */
export async function claimClientKey(database: IDBDatabase, slot: string): Promise<ClaimedKey> {
  const locks = navigator.locks as LockManager | undefined;
  return locks === undefined ? claimByHeartbeat(database, slot) : claimByLock(database, slot, locks);
}

async function claimByLock(database: IDBDatabase, slot: string, locks: LockManager): Promise<ClaimedKey> {
  const rows = await inTransaction<ClientRow[]>(database, "clients", "readonly", (store) => store.getAll());
  const known = rows.filter((row) => row.slot === slot).sort((a, b) => b.claimedAtMs - a.claimedAtMs);
  for (const clientKey of [...known.map((row) => row.clientKey), newClientKey()]) {
    const release = await holdLock(locks, `tutti-client-${clientKey}`);
    if (release === null) continue;
    await writeRow(database, { clientKey, slot, claimedAtMs: Date.now(), aliveAtMs: 0, owner: null });
    return { clientKey, release };
  }
  throw new Error("another tab holds every client key, even a new one");
}

/** Resolves with the function that lets go of the lock, or null when another tab holds it. */
function holdLock(locks: LockManager, name: string): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    const held = locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(null);
      return new Promise<void>((letGo) => resolve(letGo));
    });
    held.catch(reject);
  });
}

const ownerItem = "tutti-owner";
/** Written where a closing page can still write: a transaction of the database would not be carried out any more. */
const releasedItem = (owner: string) => `tutti-released-${owner}`;

/** The owner that this very tab was before it was reloaded; a duplicated tab has the item too, but was not reloaded. */
function ownerBeforeReload(): string | null {
  const [navigation] = performance.getEntriesByType("navigation");
  const isReload = navigation instanceof PerformanceNavigationTiming && navigation.type === "reload";
  return isReload ? sessionStorage.getItem(ownerItem) : null;
}

async function claimByHeartbeat(database: IDBDatabase, slot: string): Promise<ClaimedKey> {
  const owner = newClientKey();
  const row = await claimRow(database, { slot, owner, formerOwner: ownerBeforeReload() });
  sessionStorage.setItem(ownerItem, owner);
  const beat = setInterval(() => void writeRow(database, { ...row, aliveAtMs: Date.now() }).catch(() => clearInterval(beat)), heartbeatMs);
  const release = (): void => {
    clearInterval(beat);
    localStorage.setItem(releasedItem(owner), "1");
  };
  addEventListener("pagehide", release, { once: true });
  return { clientKey: row.clientKey, release };
}

interface Claim {
  readonly slot: string;
  readonly owner: string;
  readonly formerOwner: string | null;
}

/** Reads and writes in one transaction, so two tabs cannot take the same row. */
function claimRow(database: IDBDatabase, { slot, owner, formerOwner }: Claim): Promise<ClientRow> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction("clients", "readwrite");
    const store = transaction.objectStore("clients");
    const request: IDBRequest<ClientRow[]> = store.getAll();
    let claimed: ClientRow | null = null;
    request.onsuccess = () => {
      const now = Date.now();
      const isReleased = ({ owner }: ClientRow) => owner === null || localStorage.getItem(releasedItem(owner)) !== null;
      const free = request.result
        .filter((row) => row.slot === slot && (isReleased(row) || row.owner === formerOwner || now - row.aliveAtMs > staleMs))
        .sort((a, b) => Number(b.owner === formerOwner) - Number(a.owner === formerOwner) || b.claimedAtMs - a.claimedAtMs)[0];
      claimed = { clientKey: free?.clientKey ?? newClientKey(), slot, claimedAtMs: now, aliveAtMs: now, owner };
      store.put(claimed);
      if (free?.owner != null) localStorage.removeItem(releasedItem(free.owner));
    };
    transaction.oncomplete = () => (claimed === null ? reject(new Error("the client key was not stored")) : resolve(claimed));
    transaction.onabort = () => reject(new Error("the client key could not be stored", { cause: transaction.error }));
  });
}

async function writeRow(database: IDBDatabase, row: ClientRow): Promise<void> {
  await inTransaction(database, "clients", "strict", (store) => store.put(row));
}
