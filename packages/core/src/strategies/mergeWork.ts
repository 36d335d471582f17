import { isThin } from "../lowRank/residual.ts";
import type { Contribution } from "../task.ts";
import { hasFactors } from "../tunings/table.ts";
import type { StrategyRun } from "./strategy.ts";
import { needsSingleContributions, type StrategySettings } from "./table.ts";

/** Sweeps of a one-sided Jacobi SVD, times the operations of one. */
const svdFactor = 30;

/** More components than this are merged by random draws, whose SVD is small. */
const mostExact = 128;

/**
 * About how many multiplications the server's step takes on these contributions, where it merges products of LoRA's factors: QR of the stacks and
 * an SVD for each matrix, or the dense sum. 0 for steps that only average.
 */
export function mergeWork(run: StrategyRun<StrategySettings>, contributions: readonly Contribution[]): number {
  if (!hasFactors(run.tuning) || !needsSingleContributions({ strategy: run.strategy })) return 0;
  const ranks = new Map<string, { numComponents: number; sizes: readonly [number, number] }>();
  for (const { body } of contributions) {
    if (body.kind !== "train") continue;
    for (const [name, { shape }] of Object.entries(body.delta)) {
      const a = body.delta[`${name.slice(0, -1)}a`];
      if (!name.endsWith("/b") || a === undefined) continue;
      const before = ranks.get(name)?.numComponents ?? 0;
      ranks.set(name, { numComponents: before + shape[1], sizes: [shape[0], a.shape[1]] });
    }
  }
  return [...ranks.values()].reduce((sum, { numComponents, sizes: [m, n] }) => {
    const dense = isThin(numComponents, [m, n]) ? 0 : m * n * numComponents;
    return sum + 2 * (m + n) * numComponents ** 2 + svdFactor * Math.min(numComponents, mostExact) ** 3 + dense;
  }, 0);
}
