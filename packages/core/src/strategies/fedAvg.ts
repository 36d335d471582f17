import { averageSent } from "./averaging.ts";
import { type GlobalModelState, globalModel } from "./globalModel.ts";
import type { Strategy } from "./strategy.ts";
import { withPrefix } from "./tensors.ts";

/** State of `fedAvg`: W alone. */
export type FedAvgState = GlobalModelState;

/**
 * Federated averaging (McMahan et al., 2017, https://arxiv.org/abs/1602.05629) of every trained parameter; with prefixes, P-tuning v2 in the
 * comparison of fedpeptao.md §7. With `fineTuneEpochs` every device tunes the last W for itself before the last evaluation. With the run's
 * `proximal` above 0 it is FedProx (Li et al., 2020, https://arxiv.org/abs/1812.06127).
 */
export const fedAvg: Strategy<FedAvgState> = globalModel({
  step: ({ values }, plan, contributions) => withPrefix("W/", averageSent(values.run, plan, contributions)),
});
