import type { Params } from "../params.ts";
import type { Contribution, RoundPlan } from "../task.ts";
import { averageSent } from "./averaging.ts";
import type { GlobalModelSettings, GlobalModelState } from "./globalModel.ts";
import { withPrefix } from "./tensors.ts";

/** The tensors after the average of what devices sent, weighted by examples; what did not travel stays the same object. */
export function averagedStep<Settings extends GlobalModelSettings>(
  { values, tensors }: GlobalModelState<Settings>,
  plan: RoundPlan,
  contributions: readonly Contribution[],
): Params {
  return { ...tensors, ...withPrefix("W/", averageSent(values.run, plan, contributions)) };
}
