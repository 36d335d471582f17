/** Work in parts that any thread may take; the parts write to different places, so that it does not matter who takes which. */
export interface Job {
  /** Position of what to do in the list of `runPart`. */
  readonly kind: number;
  readonly numParts: number;
  readonly numbers: ArrayLike<number>;
  /** Too little to be worth sharing. */
  readonly isSmall: boolean;
}

/**
 * Shared memory through which one thread gives work to others. `version` is odd while a job is written. Parts are counted on from job to job,
 * so that a thread which looks late finds none of its job left instead of taking another's.
 */
export interface Board {
  readonly state: Int32Array;
  readonly numbers: Float64Array;
}

/** Where each counter lies in `state`; the job's kind, first part, number of parts and number of numbers follow. */
export const slots = {
  version: 0,
  taken: 1,
  done: 2,
  asleep: 3,
  isWaiting: 4,
  failed: 5,
  kind: 6,
  first: 7,
  numParts: 8,
  numNumbers: 9,
} as const;

const stateBytes = 64;
/** How many numbers a job on the board may have. */
export const boardNumbers = 8192;
export const boardBytes = stateBytes + 8 * boardNumbers;

/** The board in this shared memory of `boardBytes`. */
export function boardOf(memory: SharedArrayBuffer): Board {
  return { state: new Int32Array(memory, 0, stateBytes / 4), numbers: new Float64Array(memory, stateBytes) };
}

/** Puts a job on the board, where all parts of the one before are done, and wakes who sleeps. */
export function post({ state, numbers }: Board, { kind, numParts, numbers: given }: Omit<Job, "isSmall">): void {
  Atomics.add(state, slots.version, 1);
  state[slots.kind] = kind;
  state[slots.first] = Atomics.load(state, slots.taken);
  state[slots.numParts] = numParts;
  state[slots.numNumbers] = given.length;
  for (let i = 0; i < given.length; i++) numbers[i] = given[i];
  Atomics.add(state, slots.version, 1);
  if (Atomics.load(state, slots.asleep) > 0) Atomics.notify(state, slots.version);
}

/** A job as it was read off the board, and the count its parts begin with. */
export interface Posted {
  readonly job: Job;
  readonly first: number;
}

/** The job of this version; null when another is there by now. */
export function readJob({ state, numbers }: Board, version: number): Posted | null {
  const [kind, first, numParts, numNumbers] = [state[slots.kind], state[slots.first], state[slots.numParts], state[slots.numNumbers]];
  const posted = { job: { kind, numParts, numbers: numbers.slice(0, numNumbers), isSmall: false }, first };
  return Atomics.load(state, slots.version) === version ? posted : null;
}

/** Takes parts of the job and does them with `act`, until none is left; a part that fails is done too, and noted. */
export function takeParts({ state }: Board, { job, first }: Posted, act: (part: number) => void): void {
  for (;;) {
    const count = Atomics.load(state, slots.taken);
    const part = (count - first) | 0;
    if (part < 0 || part >= job.numParts) return;
    if (Atomics.compareExchange(state, slots.taken, count, (count + 1) | 0) !== count) continue;
    try {
      act(part);
    } catch {
      Atomics.store(state, slots.failed, 1);
    }
    Atomics.add(state, slots.done, 1);
    if (Atomics.load(state, slots.isWaiting) !== 0) Atomics.notify(state, slots.done);
  }
}
