import type { LowRankFactors } from "../../lowRank/truncate.ts";

/** A matrix that may get a low-rank difference. */
export interface ScoredMatrix {
  readonly name: string;
  /** Values of one rank: inputs + outputs. */
  readonly valuesPerRank: number;
  readonly score: number;
  /** A higher rank counts as this one; no bound when absent. */
  readonly maxRank?: number;
}

/** A pair of factors (rank, in) and (out, rank) with its score. */
export function scoredMatrix({ a, b }: LowRankFactors, name: string, score: number): ScoredMatrix {
  return { name, valuesPerRank: a.shape[1] + b.shape[0], score, maxRank: a.shape[0] };
}

/** Ranks for matrices, the sum of their scores and of their values. */
export interface ChosenRanks {
  readonly score: number;
  readonly numValues: number;
  /** In the order of the matrices; 0 where a matrix is not trained. */
  readonly ranks: readonly number[];
}

/** The best ranks for every number of values. */
export interface RankTable {
  /** Values of the smallest choice that trains anything. */
  readonly fewestValues: number;
  /** Null where the budget is below that. */
  best(maxValues: number): ChosenRanks | null;
}

/** Cells of the table above which costs are rounded up to whole steps of the budget, so that a plan still fits. */
const maxCells = 2 ** 22;

/** 1 + 1/2 + … + 1/rank: component c of a matrix is taken to matter 1/c as much as its first. */
export function rankShare(rank: number): number {
  let sum = 0;
  for (let c = 1; c <= rank; c++) sum += 1 / c;
  return sum;
}

/**
 * For every budget of trained values, ranks with the largest Σ score · rankShare(rank), by dynamic programming over the matrices; of equal sums
 * the one with fewer values. `ranks` are what a matrix may have beside 0.
 */
export function rankTable(matrices: readonly ScoredMatrix[], ranks: readonly number[]): RankTable {
  const options = [0, ...[...ranks].sort((a, b) => a - b)];
  const ranksOf = matrices.map(({ maxRank = Number.POSITIVE_INFINITY }) => options.map((rank) => Math.min(rank, maxRank)));
  const costs = matrices.map(({ valuesPerRank }, j) => ranksOf[j].map((rank) => rank * valuesPerRank));
  const step = stepOf(costs);
  const inSteps = costs.map((own) => own.map((cost) => Math.ceil(cost / step)));
  const numSteps = inSteps.reduce((sum, own) => sum + own[own.length - 1], 0);
  const gains = matrices.map(({ score }, j) => ranksOf[j].map((rank) => score * rankShare(rank)));
  const { scores, choices } = fill({ inSteps, numSteps, gains });
  const fewestValues = Math.min(...matrices.map((_, j) => costs[j][1]));
  return {
    fewestValues,
    best(maxValues) {
      if (!(maxValues >= fewestValues)) return null;
      let left = cheapest(scores, Math.min(numSteps, Math.floor(maxValues / step)));
      const chosen = new Array<number>(matrices.length).fill(0);
      for (let j = matrices.length - 1; j >= 0; j--) {
        chosen[j] = choices[j][left];
        left -= inSteps[j][chosen[j]];
      }
      const score = chosen.reduce((sum, option, j) => sum + gains[j][option], 0);
      const numValues = chosen.reduce((sum, option, j) => sum + costs[j][option], 0);
      if (numValues === 0) return null;
      return { score, numValues, ranks: chosen.map((option, j) => ranksOf[j][option]) };
    },
  };
}

interface Knapsack {
  /** (matrix, option). */
  readonly inSteps: readonly (readonly number[])[];
  readonly numSteps: number;
  /** (matrix, option). */
  readonly gains: readonly (readonly number[])[];
}

/** The best sum for at most each number of steps, and the option of each matrix there. */
function fill({ inSteps, numSteps, gains }: Knapsack): { scores: Float64Array; choices: Uint8Array[] } {
  let scores = new Float64Array(numSteps + 1);
  const choices = gains.map((own, j) => {
    const [next, choice] = [scores.slice(), new Uint8Array(numSteps + 1)];
    for (let option = 1; option < own.length; option++) {
      const cost = inSteps[j][option];
      for (let at = cost; at <= numSteps; at++) {
        const sum = scores[at - cost] + own[option];
        if (sum <= next[at]) continue;
        next[at] = sum;
        choice[at] = option;
      }
    }
    scores = next;
    return choice;
  });
  return { scores, choices };
}

/** The fewest steps whose best sum is that of `most`. */
function cheapest(scores: Float64Array, most: number): number {
  let at = most;
  while (at > 0 && scores[at - 1] === scores[most]) at -= 1;
  return at;
}

/** The greatest common divisor of all costs, or a larger step where the table would be too long. */
function stepOf(costs: readonly (readonly number[])[]): number {
  const divisor = costs.flat().reduce(greatestCommonDivisor, 0);
  const total = costs.reduce((sum, own) => sum + own[own.length - 1], 0);
  return Math.max(divisor, Math.ceil((total * costs.length) / maxCells));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
