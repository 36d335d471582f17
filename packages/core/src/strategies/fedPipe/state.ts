import type { GlobalModelState, GlobalModelValues } from "../globalModel.ts";
import type { AsJson } from "../strategy.ts";
import type { PlannedDevice } from "./plan.ts";
import type { FedPipeSettings } from "./settings.ts";

/** What FedPipe keeps: with the global model the score of each matrix and which are trained, from the warm-up round on, and the latest plans. */
export interface FedPipeState extends GlobalModelState<FedPipeSettings> {
  readonly values: GlobalModelValues<FedPipeSettings> & {
    readonly matrixScores: readonly number[] | null;
    /** Places of the matrices that are trained. */
    readonly selected: readonly number[] | null;
    readonly plans: readonly AsJson<PlannedDevice>[];
  };
}
