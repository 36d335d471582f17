import { type LiveComponents, liveOf } from "../../lowRank/liveComponents.ts";
import { type SvdTriplet, svdTriplets } from "../../tunings/svdTriplets.ts";
import type { GlobalModelState, GlobalModelValues } from "../globalModel.ts";
import type { FedAraSettings } from "./settings.ts";

/** What FedARA keeps: with the global model, in which components that are dead are 0, the mask of those that are alive. */
export interface FedAraState extends GlobalModelState<FedAraSettings> {
  readonly values: GlobalModelValues<FedAraSettings> & {
    readonly live: readonly number[];
  };
}

/** The matrices of a run with what is alive of them. */
export interface Matrices {
  readonly triplets: readonly SvdTriplet[];
  /** Of each, at the start of the run. */
  readonly ranks: readonly number[];
  readonly live: LiveComponents;
}

/** The matrices of a state. */
export function matricesOf(state: FedAraState): Matrices {
  const ranks = ranksOf(state);
  return { triplets: svdTriplets(state.values.shape), ranks, live: liveOf(state.values.live, ranks) };
}

/** Components of each matrix at the start of the run. */
export function ranksOf({ values, tensors }: FedAraState): number[] {
  return svdTriplets(values.shape).map(({ e }) => tensors[`W/${e}`].shape[0]);
}

/** Components of all matrices together. */
export function numComponents(live: LiveComponents): number {
  return live.reduce((sum, places) => sum + places.length, 0);
}
