import { ruleOf } from "../aggregation/table.ts";
import type { Contribution, RoundPlan } from "../task.ts";
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
  return merging + stepWork(run, contributions, round) + memoryFactor * passes * numValuesOf(contributions);
}

function numValuesOf(contributions: readonly Contribution[]): number {
  let sum = 0;
  for (const { body } of contributions) {
    if (body.kind !== "train") continue;
    for (const { data } of Object.values(body.delta)) sum += data.length;
  }
  return sum;
}
