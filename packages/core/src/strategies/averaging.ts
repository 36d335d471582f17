import { taskParams } from "../parameterSets.ts";
import { add, type Params, weightedSum } from "../params.ts";
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
  if (checked.length === 0) throw new Error(`nothing to aggregate: no ${kind} contribution`);
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

/** W⁺ = A, as the devices will decode it. */
export function averageSent(run: RunConditions, plan: RoundPlan, contributions: readonly Contribution[]): Params {
  return sentForm(average(sentParams(plan), contributionsOf(contributions, "train")), run.paramsEncoding);
}
