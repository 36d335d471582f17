import { mergeLowRank } from "../lowRank/merge.ts";
import { mergeByDraws } from "../lowRank/mergeByDraws.ts";
import type { LowRankTerm } from "../lowRank/terms.ts";
import { type LowRankFactors, truncateTo } from "../lowRank/truncate.ts";
import { add, omitNames, type Params, pickNames } from "../params.ts";
import { createRandom, type RandomStream } from "../random.ts";
import type { Contribution, DeviceId, RoundPlan } from "../task.ts";
import { type LoraPair, loraPairs } from "../tunings/loraFactors.ts";
import { admittedContributions, average, contributionsOf } from "./averaging.ts";
import type { GlobalModelSettings, GlobalModelState } from "./globalModel.ts";
import { componentsOf } from "./mixedRanks.ts";
import { sentForm } from "./sentForm.ts";
import { under, withPrefix } from "./tensors.ts";

/** One device's factors of one matrix after its training, right in the components that it was sent; others are the server's with what it sent back. */
export interface TrainedFactors extends LowRankFactors {
  readonly deviceId: DeviceId;
  /** n_i. */
  readonly numExamples: number;
}

/** The sum that becomes a matrix's new difference, from what the devices trained of it and what the server had. */
export type TermsOf = (trained: readonly TrainedFactors[], before: LowRankFactors) => LowRankTerm[];

/** With more components than this on both sides, the merge is by random draws: the SVD between the stacks would stop the server for seconds. */
const mostExact = 128;

/**
 * The tensors after a step in which every pair of factors becomes the nearest one of its rank to a sum of products. What else was trained is
 * averaged, weighted by examples.
 */
export function mergedStep<Settings extends GlobalModelSettings>(
  { values, tensors }: GlobalModelState<Settings>,
  {
    plan,
    contributions,
    termsOf,
  }: { readonly plan: RoundPlan; readonly contributions: readonly Contribution[]; readonly termsOf: TermsOf },
): Params {
  const { run, shape } = values;
  const trained = admittedContributions(run, contributionsOf(contributions, "train"));
  const pairs = loraPairs(shape);
  const factors = pairs.flatMap(({ a, b }) => [a, b]);
  const before = under(tensors, "W/");
  const others = trained.map((one) => ({ ...one, body: { ...one.body, delta: omitNames(one.body.delta, factors) } }));
  const own = trained.map(({ deviceId, numExamples, body }) => ({
    deviceId,
    numExamples,
    params: factorsAfter(before, body.delta, pairs),
  }));
  const random = createRandom(run.seed);
  const merged = pairs.map((pair) => {
    const parts = own.flatMap(({ params, ...device }) => (Object.hasOwn(params, pair.b) ? [{ ...device, ...pairOf(params, pair) }] : []));
    if (parts.length === 0) return {}; // nobody trained it: it stays as it is
    const kept = pairOf(before, pair);
    const stream = random.stream({ stage: plan.stage, round: plan.round, purpose: `merge/${pair.b}` });
    const { a, b } = nearest(termsOf(parts, kept), kept.a.shape[0], stream);
    return { [pair.a]: a, [pair.b]: b };
  });
  const next = Object.assign({}, before, average(omitNames(before, factors), others), ...merged) as Params;
  return { ...tensors, ...withPrefix("W/", sentForm(next, run.paramsEncoding)) };
}

/** A device's factors after its training, at the ranks that it has: leading components of W with its changes. A pair that it does not train is absent. */
export function factorsAfter(before: Params, delta: Params, pairs: readonly LoraPair[]): Params {
  const after = pairs.flatMap((pair): [string, Params[string]][] => {
    if (!Object.hasOwn(delta, pair.b)) return [];
    const start = componentsOf(pairOf(before, pair), 0, delta[pair.a].shape[0]);
    return Object.entries(add({ [pair.a]: start.a, [pair.b]: start.b }, pickNames(delta, [pair.a, pair.b])));
  });
  return Object.fromEntries(after);
}

function nearest(terms: readonly LowRankTerm[], rank: number, random: RandomStream): LowRankFactors {
  const numComponents = terms.reduce((sum, { a }) => sum + a.shape[0], 0);
  const [{ a, b }] = terms;
  const isSmall = Math.min(numComponents, b.shape[0], a.shape[1]) <= mostExact;
  return truncateTo(rank, isSmall ? mergeLowRank(terms, rank) : mergeByDraws(terms, { rank, random }).svd);
}

/** A pair's factors among parameters. */
export function pairOf(params: Params, { a, b }: LoraPair): LowRankFactors {
  return { a: params[a], b: params[b] };
}
