import type { GlobalModelState, GlobalModelValues } from "../globalModel.ts";
import type { Candidate } from "./growth.ts";
import type { FedAdapterSettings } from "./settings.ts";
import type { GrownSize } from "./size.ts";

/**
 * What FedAdapter keeps: with the global model, which is that of the present size, the sizes that it has had, and in a trial those that are compared.
 * Parameters of the second and third are under `trial/1/` and `trial/2/`, from the trial's first round on.
 */
export interface FedAdapterState extends GlobalModelState<FedAdapterSettings> {
  readonly values: GlobalModelValues<FedAdapterSettings> & {
    readonly sizes: readonly GrownSize[];
    /** Null between trials. */
    readonly candidates: readonly Candidate[] | null;
  };
}
