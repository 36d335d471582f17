/** Rounds of a contest: as many as fit the time, within bounds. */
export interface ContestOptions {
  readonly minRounds: number;
  readonly maxRounds: number;
  /** Beyond this no further round begins, once there are enough. */
  readonly budgetMs: number;
  /** Milliseconds from any start. */
  readonly now?: () => number;
}

/**
 * Milliseconds of each contestant in each round: in every round each runs once, in turns, so that a slow second of the machine meets all of
 * them. One round before the first is not counted.
 */
export async function interleave(contestants: readonly (() => Promise<unknown>)[], options: ContestOptions): Promise<number[][]> {
  const { minRounds, maxRounds, budgetMs, now = () => performance.now() } = options;
  const times: number[][] = contestants.map(() => []);
  for (const run of contestants) await run();
  const start = now();
  for (let round = 0; round < maxRounds; round++) {
    const elapsed = now() - start;
    if (round >= minRounds && elapsed + elapsed / round > budgetMs) break;
    for (const [i, run] of contestants.entries()) {
      const before = now();
      await run();
      times[i].push(now() - before);
    }
  }
  return times;
}

/** The median over the rounds of how many times longer one contestant took than another. */
export function medianRatio(longer: readonly number[], shorter: readonly number[]): number {
  return middle(longer.map((time, round) => time / shorter[round]));
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
