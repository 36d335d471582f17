/** A matrix that may get a low-rank difference. */
export interface ScoredMatrix {
  readonly name: string;
  /** Values of one rank: inputs + outputs. */
  readonly valuesPerRank: number;
  readonly score: number;
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
  const costs = matrices.map(({ valuesPerRank }) => options.map((rank) => rank * valuesPerRank));
  const step = stepOf(costs);
  const inSteps = costs.map((own) => own.map((cost) => Math.ceil(cost / step)));
  const numSteps = inSteps.reduce((sum, own) => sum + own[own.length - 1], 0);
  const shares = options.map(rankShare);
  const { scores, choices } = fill(
    matrices.map(({ score }) => score),
    { inSteps, numSteps, shares },
  );
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
      const score = chosen.reduce((sum, option, j) => sum + matrices[j].score * shares[option], 0);
      const numValues = chosen.reduce((sum, option, j) => sum + costs[j][option], 0);
      if (numValues === 0) return null;
      return { score, numValues, ranks: chosen.map((option) => options[option]) };
    },
  };
}

interface Knapsack {
  /** (matrix, option). */
  readonly inSteps: readonly (readonly number[])[];
  readonly numSteps: number;
  readonly shares: readonly number[];
}

/** The best sum for at most each number of steps, and the option of each matrix there. */
function fill(matrixScores: readonly number[], { inSteps, numSteps, shares }: Knapsack): { scores: Float64Array; choices: Uint8Array[] } {
  let scores = new Float64Array(numSteps + 1);
  const choices = matrixScores.map((score, j) => {
    const [next, choice] = [scores.slice(), new Uint8Array(numSteps + 1)];
    for (let option = 1; option < shares.length; option++) {
      const [cost, gain] = [inSteps[j][option], score * shares[option]];
      for (let at = cost; at <= numSteps; at++) {
        const sum = scores[at - cost] + gain;
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
