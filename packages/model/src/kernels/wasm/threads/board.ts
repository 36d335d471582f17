/** Work in parts that any thread may take; the parts write to different places, so that it does not matter who takes which. */
export interface Job {
  /** Position of what to do in the list of `runPart`. */
  readonly kind: number;
  /** 1 where it is too little to be worth sharing. */
  readonly numParts: number;
  readonly numbers: ArrayLike<number>;
}

/**
 * Shared memory through which one thread gives work to others. `version` is odd while a job is written; each part's claim holds the version of
 * the job that last had it taken, so that a thread which looks late finds none of its job left instead of taking another's.
 */
export interface Board {
  readonly state: Int32Array;
  readonly claims: Int32Array;
  readonly numbers: Float64Array;
}

/** Where each counter lies in `state`; the job's kind, number of parts and number of numbers follow. */
export const slots = { version: 0, done: 1, asleep: 2, isWaiting: 3, failed: 4, kind: 5, numParts: 6, numNumbers: 7 } as const;

const stateBytes = 64;
const [mostParts, mostNumbers] = [1024, 8192];
export const boardBytes = stateBytes + 4 * mostParts + 8 * mostNumbers;

/** The board in this shared memory of `boardBytes`. */
export function boardOf(memory: SharedArrayBuffer): Board {
  return {
    state: new Int32Array(memory, 0, stateBytes / 4),
    claims: new Int32Array(memory, stateBytes, mostParts),
    numbers: new Float64Array(memory, stateBytes + 4 * mostParts, mostNumbers),
  };
}

/** Whether the board has room for a job. */
export function fits({ numParts, numbers }: Job): boolean {
  return numParts <= mostParts && numbers.length <= mostNumbers;
}

/** Puts a job on the board, where all parts of the one before are done, wakes who sleeps, and answers the job's version. */
export function post({ state, claims, numbers }: Board, { kind, numParts, numbers: given }: Job): number {
  const writing = (Atomics.add(state, slots.version, 1) + 1) | 0;
  state[slots.kind] = kind;
  state[slots.numParts] = numParts;
  state[slots.numNumbers] = given.length;
  for (let i = 0; i < given.length; i++) numbers[i] = given[i];
  for (let part = 0; part < numParts; part++) Atomics.store(claims, part, writing);
  Atomics.add(state, slots.version, 1);
  if (Atomics.load(state, slots.asleep) > 0) Atomics.notify(state, slots.version);
  return (writing + 1) | 0;
}

/** The job of this version; null when another is there by now. */
export function readJob({ state, numbers }: Board, version: number): Job | null {
  const [kind, numParts, numNumbers] = [state[slots.kind], state[slots.numParts], state[slots.numNumbers]];
  const job = { kind, numParts, numbers: numbers.slice(0, numNumbers) };
  return Atomics.load(state, slots.version) === version ? job : null;
}

/** Which parts a thread takes: from `start` (of 1) on around, so that the same rows mostly meet the same core's cache. */
export interface Taking {
  readonly version: number;
  readonly numParts: number;
  readonly start: number;
}

/** Takes parts of a job and does them with `act`, until none is left; a part that fails is done too, and noted. */
export function takeParts({ state, claims }: Board, { version, numParts, start }: Taking, act: (part: number) => void): void {
  const first = Math.floor(start * numParts);
  for (let i = 0; i < numParts; i++) {
    const part = (first + i) % numParts;
    const claim = Atomics.load(claims, part);
    if (((claim - version) | 0) >= 0 || Atomics.compareExchange(claims, part, claim, version) !== claim) continue;
    try {
      act(part);
    } catch {
      Atomics.store(state, slots.failed, 1);
    }
    Atomics.add(state, slots.done, 1);
    if (Atomics.load(state, slots.isWaiting) !== 0) Atomics.notify(state, slots.done);
  }
}
