/** One measured number beside what it has to be. */
export interface BenchRow {
  readonly name: string;
  /** Null where it could not be measured; the note then says why. */
  readonly value: number | null;
  readonly unit: string;
  /** Such as `≤ 240`; null where the number is only reported. */
  readonly goal: string | null;
  /** Whether the value meets the goal; null without one. */
  readonly holds: boolean | null;
  /** What else there is to say of it, such as the times behind a ratio. */
  readonly note?: string;
}

/** What a number has to be: at most or at least so much. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number } | null;

/** A row with its goal checked. */
export function row(name: string, value: number, unit: string, goal: Goal = null): BenchRow {
  const rounded = Number(value.toPrecision(4));
  if (goal === null) return { name, value: rounded, unit, goal: null, holds: null };
  if ("atMost" in goal) return { name, value: rounded, unit, goal: `≤ ${goal.atMost}`, holds: value <= goal.atMost };
  return { name, value: rounded, unit, goal: `≥ ${goal.atLeast}`, holds: value >= goal.atLeast };
}

/** A row of something that could not be measured. A goal that could not be looked at is not met. */
export function missingRow(name: string, unit: string, reason: string, goal: Goal = null): BenchRow {
  const { goal: wanted } = row(name, 0, unit, goal);
  return { name, value: null, unit, goal: wanted, holds: wanted === null ? null : false, note: reason };
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Milliseconds that each of `repeats` calls took, after one that is not counted. */
export async function timeMs(repeats: number, work: () => unknown): Promise<number[]> {
  await work();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times;
}
