import { createRandom } from "./random.ts";
import { publicFraction } from "./strategies/ownSettings.ts";
import type { StrategySettings } from "./strategies/table.ts";

/** What decides which training rows are public. */
export interface PublicRowsRun {
  readonly seed: number;
  readonly strategy: StrategySettings;
}

/**
 * The training rows, ascending, that are public in a run and no device's own: a share of them drawn by the seed where the strategy distils or judges by them, none
 * elsewhere.
 */
export function publicRows(run: PublicRowsRun, numTrain: number): number[] {
  const fraction = publicFraction(run);
  if (fraction === 0) return [];
  const rows = Array.from({ length: numTrain }, (_, row) => row);
  const numPublic = Math.min(numTrain, Math.max(1, Math.round(numTrain * fraction)));
  const drawn = createRandom(run.seed).stream({ purpose: "public rows" }).shuffle(rows).slice(0, numPublic);
  return drawn.sort((a, b) => a - b);
}
