/** One change of a batch: a value to put, or null to remove the key. */
export type Change = readonly [key: string, value: Uint8Array | null];

/** What the journal needs of storage: ordered keys, atomic batches, and word of when they are safe. */
export interface KeyValueStore {
  /** Applies all changes or none. Batches become durable in the order they were written. */
  write(changes: readonly Change[]): void;
  /** All entries that it was opened with, in key order; values are copies. */
  entries(): Iterable<readonly [key: string, value: Uint8Array]>;
  /** The same as they are now, once all batches that were written so far are safe. */
  current(): Promise<Iterable<readonly [key: string, value: Uint8Array]>>;
  /** Takes what was removed off the disk as well, at once or, where that was done lately, a while later. A store that keeps nothing of it has none. */
  purge?(): Promise<void>;
  /** Resolves when every batch written so far would survive a kill and a power cut. */
  flushed(): Promise<void>;
  /** Tells from now on why batches wait, such as a full disk; null when they wait no more. A store whose batches never wait has none. */
  onBlocked?(listener: (reason: string | null) => void): void;
  /** Batches that wait are given up: whoever waits for them is told that they failed. */
  stopWaiting?(): void;
  close(): Promise<void>;
}

/** A store that lives as long as its process: for tests, and for runs that nobody wants to keep. */
export function memoryStore(content: Map<string, Uint8Array> = new Map()): KeyValueStore {
  const entries = () => [...content].map(([key, value]) => [key, value.slice()] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    write(changes) {
      for (const [key, value] of changes) {
        if (value === null) content.delete(key);
        else content.set(key, value.slice());
      }
    },
    entries,
    current: () => Promise.resolve(entries()),
    flushed: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
