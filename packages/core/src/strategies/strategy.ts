import type { Params } from "../params.ts";
import type { Random } from "../random.ts";
import type { RunSettings } from "../run.ts";
import type { Contribution, Device, Done, RoundPlan } from "../task.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * What a strategy keeps between steps: JSON values beside named tensors.
 * A tensor that a step leaves alone stays the same object, so a journal stores only what changed.
 */
export interface StrategyState {
  readonly values: { readonly [key: string]: Json };
  readonly tensors: Params;
}

/** What the strategy must know of the backbone and the tuning method. */
export interface TunedShape {
  readonly numLayers: number;
  /** Parameter names of layer l are `layerNames[l]`. */
  readonly layerNames: readonly (readonly string[])[];
  /** Names that always travel, such as `head/weight`. */
  readonly alwaysShared: readonly string[];
}

/** The decisions that make up a federated method: pure, with serialisable state. */
export interface Strategy<S extends StrategyState = StrategyState> {
  init(run: RunSettings, shape: TunedShape, initial: Params): S;
  plan(state: S, roster: readonly Device[], random: Random): RoundPlan | Done;
  aggregate(state: S, plan: RoundPlan, contributions: readonly Contribution[]): S;
  globalParams(state: S): Params;
}
