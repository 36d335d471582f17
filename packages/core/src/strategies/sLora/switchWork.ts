import { isSparseName } from "../../sparseParams.ts";
import type { Contribution } from "../../task.ts";
import { factorRankOf } from "../../tunings/table.ts";
import type { StrategyRun } from "../strategy.ts";
import type { SLoraSettings } from "./settings.ts";

/** Sweeps of a one-sided Jacobi SVD, times the operations of one. */
const svdFactor = 30;

/** Rows and columns up to which a switch's SVD is exact. */
const mostExact = 128;

/** Products with the matrix and with the identity beside it that an SVD by draws takes for each of its directions. */
const productsByDraws = 12;

/** About how many multiplications the SVDs of the switch take, where this round ends with it; 0 for all other steps. The matrices count as square ones. */
export function switchWork(
  { strategy, tuning }: StrategyRun<SLoraSettings>,
  contributions: readonly Contribution[],
  round: number,
): number {
  const [first] = contributions;
  if (round !== strategy.sparseRounds || first?.body.kind !== "train") return 0;
  const numDirections = (factorRankOf(tuning) ?? 0) + 8;
  const work = Object.entries(first.body.delta).map(([name, { data }]) => {
    if (!isSparseName(name)) return 0;
    const size = Math.sqrt(data.length / strategy.density);
    return size <= mostExact ? svdFactor * size ** 3 : productsByDraws * numDirections * size ** 2;
  });
  return work.reduce((sum, one) => sum + one, 0);
}
