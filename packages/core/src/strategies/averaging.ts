import { clippedParams, combineParams, flattened } from "../aggregation/overParams.ts";
import { ruleOf } from "../aggregation/table.ts";
import { taskParams } from "../parameterSets.ts";
import { add, type Params, scale, sortedNames, weightedSum } from "../params.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { Contribution, ContributionBody, RoundPlan, TaskKind } from "../task.ts";
import { sentForm } from "./sentForm.ts";

/** A contribution whose body is of one kind. */
export interface ContributionOf<K extends TaskKind> extends Contribution {
  readonly body: Extract<ContributionBody, { readonly kind: K }>;
}

/** The contributions in device order, whatever order they came in; throws when one is not of `kind`. */
export function contributionsOf<K extends TaskKind>(contributions: readonly Contribution[], kind: K): ContributionOf<K>[] {
  const checked = contributions.map((contribution) => {
    if (!isOf(contribution, kind))
      throw new Error(`device ${contribution.deviceId}: expected a ${kind} contribution, found ${contribution.body.kind}`);
    return contribution;
  });
  if (checked.length === 0) throw new Error(`nothing to aggregate: no device sent a ${kind} contribution`);
  return checked.sort((a, b) => a.deviceId - b.deviceId);
}

function isOf<K extends TaskKind>(contribution: Contribution, kind: K): contribution is ContributionOf<K> {
  return contribution.body.kind === kind;
}

/** p_i = n_i / Σ n_j over these contributions. */
export function exampleWeights(contributions: readonly Contribution[]): number[] {
  const total = contributions.reduce((sum, contribution) => sum + contribution.numExamples, 0);
  return contributions.map((contribution) => contribution.numExamples / total);
}

/** A = W + Σ p_i (y_i − W): federated averaging (McMahan et al., 2017). */
export function average(sent: Params, contributions: readonly ContributionOf<"train">[]): Params {
  const deltas = contributions.map((contribution) => contribution.body.delta);
  return add(sent, weightedSum(deltas, exampleWeights(contributions)));
}

/** W as the plan's tasks started from it and the devices decoded it. */
export function sentParams(plan: RoundPlan): Params {
  const [task] = plan.tasks;
  if (task === undefined) throw new Error(`${plan.stage} round ${plan.round}: a plan without tasks`);
  return taskParams(plan, task).global ?? {};
}

/** The one change that the run's rule makes of the devices' changes y_i − W; without a rule Σ p_i (y_i − W). */
export function combinedChange(run: RunConditions, trained: readonly ContributionOf<"train">[]): Params {
  return combineParams(ruleOf(run), deltasOf(trained), exampleWeights(trained));
}

/** W⁺ = W and the change that the run's rule makes, as the devices will decode it; without a rule W⁺ = A. */
export function averageSent(run: RunConditions, plan: RoundPlan, contributions: readonly Contribution[]): Params {
  return sentForm(add(sentParams(plan), combinedChange(run, contributionsOf(contributions, "train"))), run.paramsEncoding);
}

/** The contributions with changes that are no longer than the run's rule allows: what the server keeps of single devices follows from these. */
export function clippedContributions(run: RunConditions, trained: readonly ContributionOf<"train">[]): readonly ContributionOf<"train">[] {
  const rule = ruleOf(run);
  if (rule === null) return trained;
  return clippedParams(rule, deltasOf(trained)).map((delta, place) => withDelta(trained[place], delta));
}

/**
 * The contributions that a run's rule lets into a merge that is no mean of values: some left out, others scaled. Under a rule by which devices count
 * alike they hold one example each.
 */
export function admittedContributions(run: RunConditions, trained: readonly ContributionOf<"train">[]): readonly ContributionOf<"train">[] {
  const rule = ruleOf(run);
  if (rule === null) return trained;
  if (rule.admit === null)
    throw new Error(`${rule.name} leaves no update whole, and this strategy merges whole updates: choose another rule`);
  const vectors = trained.map(({ body }) => flattened(body.delta, sortedNames(body.delta)));
  return rule.admit({ vectors, weights: exampleWeights(trained) }).map(({ place, factor }) => {
    const one = factor === 1 ? trained[place] : withDelta(trained[place], scale(trained[place].body.delta, factor));
    return rule.countsAlike ? { ...one, numExamples: 1 } : one;
  });
}

function deltasOf(trained: readonly ContributionOf<"train">[]): Params[] {
  return trained.map(({ body }) => body.delta);
}

function withDelta(one: ContributionOf<"train">, delta: Params): ContributionOf<"train"> {
  return { ...one, body: { ...one.body, delta } };
}
