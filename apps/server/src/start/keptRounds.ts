import { createHash } from "node:crypto";
import type { Params, StrategyState, StrategySummary, Tensor } from "@tutti/core";
import type { Change, KeyValueStore } from "../journal/keyValueStore.ts";
import { readStore } from "../journal/openStore.ts";
import { bytesOf, floatsOf, packRecord, unpackRecord } from "../journal/records.ts";

/** The states after past training rounds, from which a run can be branched. Tensors that several rounds share are kept once. */
export interface KeptRounds {
  /** Keeps the state where it is the one after a training round, and drops others where all together take too much. */
  keep(state: StrategyState, summary: StrategySummary): void;
  /** The same for a run's latest state, where the process before was killed before it could. */
  keepMissing(state: StrategyState, summary: StrategySummary): void;
  /** Changes every state that is kept; one that `change` returns as it was stays so. */
  amend(change: (state: StrategyState) => StrategyState): void;
  /** Ascending. */
  rounds(): readonly number[];
  flushed(): Promise<void>;
  /** Takes what was removed off the disk as well. */
  purge(): Promise<void>;
  /** Writes that wait for space are given up. */
  stopWaiting(): void;
  close(): Promise<void>;
}

/** A round's record: its state with tensors named by their hash. */
interface KeptState {
  readonly values: StrategyState["values"];
  readonly tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly sha256: string }>>;
}

/** What the store holds of a round. */
interface KeptRound {
  readonly recordBytes: number;
  readonly sha256s: ReadonlySet<string>;
}

/**
 * Keeps at most `maxBytes`: every round while there is room, then every second, every fourth, …; the latest always, even where it alone takes more.
 * With 0 nothing is kept.
 */
export function createKeptRounds(store: KeyValueStore, maxBytes: number): KeptRounds {
  const kept = readIndex(store);
  const hashes = new WeakMap<Tensor, string>();
  const hashOf = (tensor: Tensor): string => {
    const known = hashes.get(tensor) ?? createHash("sha256").update(bytesOf(tensor.data)).digest("hex");
    hashes.set(tensor, known);
    return known;
  };
  const keep = (state: StrategyState, summary: StrategySummary): void => {
    const round = finishedRound(summary);
    if (maxBytes === 0 || round === null) return;
    const changes = kept.put(round, state, hashOf);
    kept.drop((other) => other !== round && other % kept.stride !== 0, changes);
    while (kept.numBytes() > maxBytes && kept.rounds.size > 1) {
      kept.stride *= 2;
      kept.drop((other) => other !== round && other % kept.stride !== 0, changes);
    }
    changes.push(["stride", packRecord(kept.stride)]);
    store.write(changes);
  };
  let amending: Promise<void> = Promise.resolve();
  let failure: unknown = null;
  return {
    keep,
    keepMissing(state, summary) {
      const round = finishedRound(summary);
      if (round !== null && !kept.rounds.has(round)) keep(state, summary);
    },
    amend: (change) => {
      amending = amending
        .then(() => amendAll(change))
        .catch((error: unknown) => {
          failure ??= error;
        });
    },
    rounds: () => ascending(kept.rounds.keys()),
    async flushed() {
      await amending;
      if (failure !== null) throw failure;
      await store.flushed();
    },
    purge: () => store.purge?.() ?? Promise.resolve(),
    stopWaiting: () => store.stopWaiting?.(),
    async close() {
      await amending;
      await store.close();
    },
  };

  async function amendAll(change: (state: StrategyState) => StrategyState): Promise<void> {
    const changes: Change[] = [];
    const entries = [...(await store.current())];
    const bytes = new Map(entries.flatMap(([key, value]) => (key.startsWith("tensor/") ? [[key.slice(7), value] as const] : [])));
    for (const [key, value] of entries) {
      if (!key.startsWith("round/")) continue;
      const round = Number(key.slice(6));
      const state = wholeState(unpackRecord(value).json as KeptState, bytes);
      const next = state === null ? null : change(state);
      // it may have been dropped meanwhile
      if (next !== null && next !== state && kept.rounds.has(round)) changes.push(...kept.put(round, next, hashOf));
    }
    if (changes.length > 0) store.write(changes);
  }
}

/** The training round that a state is the end of; null for one within a round or before the first. */
function finishedRound({ stage, round, step, isDone }: StrategySummary): number | null {
  if (stage !== "train") return null;
  if (isDone) return round;
  return step === 1 && round > 1 ? round - 1 : null;
}

/** The index of a store: which rounds there are, and how many of them need a tensor. */
function readIndex(store: KeyValueStore) {
  const rounds = new Map<number, KeptRound>();
  const users = new Map<string, { numBytes: number; count: number }>();
  let stride = 1;
  for (const [key, value] of store.entries()) {
    if (key === "stride") stride = Number(unpackRecord(value).json);
    if (key.startsWith("round/")) note(Number(key.slice(6)), unpackRecord(value).json as KeptState, value.length);
    if (key.startsWith("tensor/")) use(key.slice(7)).numBytes = value.length; // behind all rounds, in the order of keys
  }

  function use(sha256: string) {
    const found = users.get(sha256) ?? { numBytes: 0, count: 0 };
    users.set(sha256, found);
    return found;
  }

  function note(round: number, { tensors }: KeptState, recordBytes: number): void {
    const sha256s = new Set(Object.values(tensors).map(({ sha256 }) => sha256));
    for (const sha256 of sha256s) use(sha256).count += 1;
    rounds.set(round, { recordBytes, sha256s });
  }

  function remove(round: number, changes: Change[]): void {
    for (const sha256 of rounds.get(round)?.sha256s ?? []) {
      const found = use(sha256);
      found.count -= 1;
      if (found.count > 0) continue;
      users.delete(sha256);
      changes.push([`tensor/${sha256}`, null]);
    }
    rounds.delete(round);
  }

  return {
    rounds,
    get stride() {
      return stride;
    },
    set stride(next: number) {
      stride = next;
    },
    /** Bytes of everything that is kept. */
    numBytes(): number {
      let sum = 0;
      for (const { recordBytes } of rounds.values()) sum += recordBytes;
      for (const { numBytes } of users.values()) sum += numBytes;
      return sum;
    },
    put(round: number, { values, tensors }: StrategyState, hashOf: (tensor: Tensor) => string): Change[] {
      const changes: Change[] = [];
      remove(round, changes); // of a step that a restart has closed again
      const named = Object.entries(tensors).map(([name, tensor]) => [name, { shape: tensor.shape, sha256: hashOf(tensor) }] as const);
      const known = new Set(users.keys());
      const state: KeptState = { values, tensors: Object.fromEntries(named) };
      const record = packRecord(state);
      note(round, state, record.length);
      for (const tensor of Object.values(tensors)) {
        const sha256 = hashOf(tensor);
        if (known.has(sha256)) continue;
        known.add(sha256);
        use(sha256).numBytes = tensor.data.byteLength;
        changes.push([`tensor/${sha256}`, bytesOf(tensor.data)]);
      }
      changes.push([roundKey(round), record]);
      return changes;
    },
    drop(isDropped: (round: number) => boolean, changes: Change[]): void {
      for (const round of [...rounds.keys()].filter(isDropped)) {
        remove(round, changes);
        changes.push([roundKey(round), null]);
      }
    },
  };
}

/** The rounds that a run's folder keeps, and the state after one of them; null where that one is not kept or not whole. */
export async function readKeptRound(
  runFolder: string,
  round: number,
): Promise<{ readonly rounds: readonly number[]; readonly state: StrategyState | null }> {
  return stateAfter(await readStore(runFolder, "rounds"), round);
}

/** The same of an open store. */
export function stateAfter(
  store: Pick<KeyValueStore, "entries">,
  round: number,
): { readonly rounds: readonly number[]; readonly state: StrategyState | null } {
  const rounds: number[] = [];
  const bytes = new Map<string, Uint8Array>();
  const needed = new Set<string>();
  let found: KeptState | null = null;
  for (const [key, value] of store.entries()) {
    if (key.startsWith("tensor/") && needed.has(key.slice(7))) bytes.set(key.slice(7), value);
    if (!key.startsWith("round/")) continue;
    rounds.push(Number(key.slice(6)));
    if (rounds.at(-1) !== round) continue;
    found = unpackRecord(value).json as KeptState;
    for (const { sha256 } of Object.values(found.tensors)) needed.add(sha256); // tensors come behind all rounds, in the order of keys
  }
  return { rounds, state: found === null ? null : wholeState(found, bytes) };
}

function wholeState({ values, tensors }: KeptState, bytes: ReadonlyMap<string, Uint8Array>): StrategyState | null {
  const whole: Record<string, Params[string]> = {};
  for (const [name, { shape, sha256 }] of Object.entries(tensors)) {
    const value = bytes.get(sha256);
    if (value === undefined) return null;
    whole[name] = { shape, data: floatsOf(value) };
  }
  return { values, tensors: whole };
}

function ascending(rounds: Iterable<number>): number[] {
  return [...rounds].sort((a, b) => a - b);
}

const roundKey = (round: number) => `round/${String(round).padStart(8, "0")}`;
