import { productNorm } from "../../lowRank/productNorm.ts";
import { omitNames, type Params, weightedSum } from "../../params.ts";
import type { Contribution } from "../../task.ts";
import { type LoraPair, loraPairs } from "../../tunings/loraFactors.ts";
import { admittedContributions, average, contributionsOf, exampleWeights } from "../averaging.ts";
import type { GlobalModelSettings, GlobalModelState } from "../globalModel.ts";
import { factorsAfter, pairOf } from "../mergedStep.ts";
import { paddedTo } from "../mixedRanks.ts";
import { sentForm } from "../sentForm.ts";
import { under, withPrefix } from "../tensors.ts";

/**
 * The tensors after a step in which every factor becomes the mean of what devices trained of it, zeros where a device has no component, weighted by
 * the norm of each device's whole difference (Cho et al., figure 2). What else was trained is averaged, weighted by examples.
 */
export function paddedStep<Settings extends GlobalModelSettings>(
  { values, tensors }: GlobalModelState<Settings>,
  contributions: readonly Contribution[],
): Params {
  const { run, shape } = values;
  const trained = admittedContributions(run, contributionsOf(contributions, "train"));
  const pairs = loraPairs(shape);
  const names = pairs.flatMap(({ a, b }) => [a, b]);
  const before = under(tensors, "W/");
  const own = trained.map(({ body }) => factorsAfter(before, body.delta, pairs));
  const weights = normWeights(own, pairs) ?? exampleWeights(trained);
  const padded = pairs.map((pair) => meanOf(own, { pair, weights, rank: before[pair.a].shape[0] }));
  const others = trained.map((one) => ({ ...one, body: { ...one.body, delta: omitNames(one.body.delta, names) } }));
  const next = Object.assign({}, before, average(omitNames(before, names), others), ...padded) as Params;
  return { ...tensors, ...withPrefix("W/", sentForm(next, run.paramsEncoding)) };
}

/** ‖ΔW_i‖ / Σ ‖ΔW_j‖, ΔW_i all of a device's products; null where nobody has any yet. */
export function normWeights(devices: readonly Params[], pairs: readonly LoraPair[]): number[] | null {
  const norms = devices.map((params) => Math.hypot(...pairs.map((pair) => productNorm(pairOf(params, pair)))));
  const total = norms.reduce((sum, norm) => sum + norm, 0);
  return total === 0 ? null : norms.map((norm) => norm / total);
}

/** Σ p_i of a pair's factors, padded. Every device trains at least one component of each pair. */
function meanOf(
  devices: readonly Params[],
  { pair, weights, rank }: { readonly pair: LoraPair; readonly weights: readonly number[]; readonly rank: number },
): Params {
  const padded = devices.map((params): Params => {
    const { a, b } = paddedTo(pairOf(params, pair), rank);
    return { [pair.a]: a, [pair.b]: b };
  });
  return weightedSum(padded, [...weights]);
}
