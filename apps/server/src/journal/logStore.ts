import { mkdirSync } from "node:fs";
import { keepSecret } from "../secretFiles.ts";
import { isDiskFull } from "./diskFull.ts";
import { inspectLog, type LogDamage } from "./inspectLog.ts";
import type { JournalKey } from "./journalKey.ts";
import type { Change, KeyValueStore } from "./keyValueStore.ts";
import { type LogDisk, systemDisk } from "./logDisk.ts";
import { createLogFile, type LogFile, PutOffError, resumeLogFile } from "./logFile.ts";

/** How a log is opened. */
export interface LogOptions {
  /** Null writes in clear. */
  readonly key: JournalKey | null;
  /** Whether the generation before is kept, to go back to where the present one's snapshot is damaged. */
  readonly keepsPrevious: boolean;
  readonly disk?: LogDisk;
  /** Milliseconds between two tries on a full disk. */
  readonly retryMs?: number;
  /** Bytes of a log from which a thread writes what takes long; 16 MB when absent. */
  readonly threadFromBytes?: number;
  /** Entries that a new log begins with. */
  readonly entries?: ReadonlyMap<string, Uint8Array>;
}

/** A damaged log was opened. */
export class LogDamagedError extends Error {
  override readonly name = "LogDamagedError";
  readonly damage: LogDamage;
  constructor(damage: LogDamage) {
    super(damage.what);
    this.damage = damage;
  }
}

/**
 * A store in a folder of append-only files: each batch is a record whose hash covers all before it, so that a change of any byte is found. Only its owner can read
 * it: a journal holds the keys of clients and private states. On a full disk batches wait until there is space.
 */
export async function openLogStore(folder: string, options: LogOptions): Promise<KeyValueStore> {
  const { key, keepsPrevious, disk = systemDisk, retryMs = 1000, threadFromBytes = 16_000_000, entries = new Map() } = options;
  const found = await inspectLog(folder, key, true);
  if (found.kind === "damaged") throw new LogDamagedError(found.damage);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const placed = { folder, key, keepsPrevious, disk, threadFromBytes };
  const file = found.kind === "sound" ? await resumeLogFile(placed, found.log) : await createLogFile(placed, entries);
  keepSecret(folder);
  return createStore(file, { folder, key, retryMs, entries: found.kind === "sound" ? found.log.values : entries });
}

/** The entries of a log as they are now, whether another process writes it or not; null where there is none. Throws a LogDamagedError. */
export async function readLogStore(folder: string, key: JournalKey | null): Promise<ReadonlyMap<string, Uint8Array> | null> {
  let found = await inspectLog(folder, key, false).catch(() => null);
  // A writer may have begun another generation meanwhile.
  if (found === null || found.kind === "damaged") found = await inspectLog(folder, key, false);
  if (found.kind === "damaged") throw new LogDamagedError(found.damage);
  return found.kind === "absent" ? null : found.log.values;
}

interface Writing {
  readonly folder: string;
  readonly key: JournalKey | null;
  readonly retryMs: number;
  readonly entries: ReadonlyMap<string, Uint8Array>;
}

interface Waiter {
  readonly upTo: number;
  resolve(): void;
  reject(error: unknown): void;
}

function createStore(file: LogFile, { folder, key, retryMs, entries }: Writing): KeyValueStore {
  let queue: (readonly Change[])[] = [];
  let numQueued = 0;
  let numDurable = 0;
  let waiters: Waiter[] = [];
  let failure: Error | null = null;
  let working: Promise<void> | null = null;
  let isEnding = false;
  let wake: (() => void) | null = null;
  let tell: (reason: string | null) => void = () => undefined;
  let blocked: string | null = null;
  /** Whether what was removed is to leave the disk, and who waits for that. */
  let purging: { readonly done: Promise<void>; readonly end: () => void } | null = null;
  let purgeFrom = 0;

  function setBlocked(reason: string | null): void {
    if (blocked === reason) return;
    blocked = reason;
    tell(reason);
  }

  async function work(): Promise<void> {
    while (queue.length > 0 && failure === null) {
      const [batches, upTo] = [queue, numQueued];
      queue = [];
      const error: unknown = await file.append(batches).then(
        () => null,
        (cause: unknown) => cause,
      );
      if (error === null) {
        numDurable = upTo;
        setBlocked(null);
        settle();
        await file.compactWhereDue().catch((cause: unknown) => (cause instanceof PutOffError ? undefined : fail(cause)));
      } else if (isDiskFull(error) && !isEnding) {
        queue = [merged([...batches, ...queue])];
        setBlocked(`the disk of ${folder} is full: nothing is accepted until there is space, and nothing that was accepted is lost`);
        await pause();
      } else fail(error);
      if (queue.length === 0 && failure === null) await purgeWhereDue();
    }
    working = null;
  }

  async function purgeWhereDue(): Promise<void> {
    if (purging === null || (!isEnding && performance.now() < purgeFrom)) return;
    const { end } = purging;
    purging = null;
    purgeFrom = performance.now() + purgeEveryMs;
    await file.renew().catch((cause: unknown) => (cause instanceof PutOffError ? undefined : fail(cause)));
    end();
  }

  function startPurging(): NonNullable<typeof purging> {
    let end: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      end = resolve;
    });
    const wait = Math.max(0, purgeFrom - performance.now());
    const nudge = () => {
      queue.push([]);
      numQueued += 1;
      working ??= work();
    };
    if (wait === 0) Promise.resolve().then(nudge);
    else setTimeout(() => (isEnding ? undefined : nudge()), wait).unref();
    return { done: wait === 0 ? done : Promise.resolve(), end };
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, retryMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function fail(cause: unknown): void {
    failure = new Error(
      `journal ${folder}: a write failed, so the coordinator accepts nothing more; check the disk, then resume with the same command`,
      { cause },
    );
    settle();
  }

  function settle(): void {
    const due = waiters.filter(({ upTo }) => failure !== null || upTo <= numDurable);
    waiters = waiters.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) {
      if (waiter.upTo <= numDurable) waiter.resolve();
      else waiter.reject(failure);
    }
  }

  const store: KeyValueStore = {
    write(changes) {
      queue.push(changes.map(([key, value]) => [key, value === null ? null : new Uint8Array(value)] as const)); // whoever handed it in may use its memory again
      numQueued += 1;
      working ??= Promise.resolve().then(work); // what is written in one go is made safe in one go
    },
    entries: () => inOrder(entries),
    async current() {
      await store.flushed();
      return inOrder((await readLogStore(folder, key)) ?? new Map());
    },
    purge() {
      purging ??= startPurging();
      return purging.done;
    },
    flushed() {
      if (numDurable >= numQueued && failure === null) return Promise.resolve();
      if (failure !== null) return Promise.reject(failure);
      return new Promise((resolve, reject) => waiters.push({ upTo: numQueued, resolve, reject }));
    },
    onBlocked(listener) {
      tell = listener;
      listener(blocked);
    },
    stopWaiting() {
      isEnding = true;
      wake?.();
    },
    async close() {
      isEnding = true;
      wake?.();
      await working;
      await purgeWhereDue();
      await file.close();
    },
  };
  return store;
}

/** Between two times that a log is written again to take off what was removed: each reads and writes all of it. */
const purgeEveryMs = 60_000;

function inOrder(entries: ReadonlyMap<string, Uint8Array>): (readonly [string, Uint8Array])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Several batches as one, where a later change of a key takes the place of an earlier one. */
function merged(batches: readonly (readonly Change[])[]): Change[] {
  const byKey = new Map<string, Change>();
  for (const change of batches.flat()) byKey.set(change[0], change);
  return [...byKey.values()];
}
