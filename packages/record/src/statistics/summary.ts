/** Mean of a few numbers, such as one per seed, and how far they lie apart. */
export interface Summary {
  readonly mean: number;
  /** Sample standard deviation (n − 1 below); null for a single value. */
  readonly stdDev: number | null;
  readonly count: number;
}

/** Seeds that a method needs on each side of a comparison: with fewer nothing is known of how its numbers vary from seed to seed. */
export const fewestSeeds = 3;

/** Mean and sample standard deviation; null without values. */
export function summarise(values: readonly number[]): Summary | null {
  const count = values.length;
  if (count === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, stdDev: count === 1 ? null : Math.sqrt(squares / (count - 1)), count };
}
