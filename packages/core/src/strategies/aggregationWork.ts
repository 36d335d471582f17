import { ruleOf } from "../aggregation/table.ts";
import { numValues } from "../params.ts";
import type { Contribution, RoundPlan } from "../task.ts";
import { slopes } from "./forwardTier/estimate.ts";
import { mergeWork } from "./mergeWork.ts";
import type { StrategyRun } from "./strategy.ts";
import { needsSingleContributions, type StrategySettings, stepWork } from "./table.ts";

/** A pass over updates, which come from memory, takes about as long as this number of multiplications of what is in a cache; a busy machine's is meant. */
const memoryFactor = 12;

/** Passes of a strategy that keeps something of each device, such as a control variate, and makes means of those too. */
const passesWithVariates = 3;

/** About how many multiplications the server's step takes on these contributions: its rule's passes over their values, and the merging of factors or an SVD. */
export function aggregationWork(
  run: StrategyRun<StrategySettings>,
  contributions: readonly Contribution[],
  { round }: Pick<RoundPlan, "round">,
): number {
  const merging = mergeWork(run, contributions);
  const keepsVariates = merging === 0 && needsSingleContributions({ strategy: run.strategy });
  const passes = (ruleOf(run)?.work(contributions.length) ?? 1) * (keepsVariates ? passesWithVariates : 1);
  return merging + stepWork(run, contributions, round) + memoryFactor * passes * numValuesOf(contributions) + slopesWork(contributions);
}

function numValuesOf(contributions: readonly Contribution[]): number {
  return contributions.reduce((sum, { body }) => sum + (body.kind === "train" ? numValues(body.delta) : 0), 0);
}

/** A sum for each direction and value, where others of the round say how many values there are. */
function slopesWork(contributions: readonly Contribution[]): number {
  const deltas = contributions.flatMap(({ body }) => (body.kind === "train" ? [body.delta] : []));
  const numDirections = deltas.reduce((sum, delta) => sum + (delta[slopes]?.data.length ?? 0), 0);
  if (numDirections === 0) return 0;
  return numDirections * Math.max(...deltas.map(numValues));
}
