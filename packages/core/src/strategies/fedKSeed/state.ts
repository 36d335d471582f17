import { createTensor, mapParams, type Params, type Tensor } from "../../params.ts";
import { createRandom } from "../../random.ts";
import type { DeviceId } from "../../task.ts";
import type { GlobalModelValues } from "../globalModel.ts";
import type { StrategyState } from "../strategy.ts";
import { under } from "../tensors.ts";
import { inSteps } from "./accumulators.ts";
import { moveAtOnce, seedPool } from "./seedPool.ts";
import type { FedKSeedSettings } from "./settings.ts";

/** What FedKSeed keeps beside tensors. */
export type FedKSeedValues = GlobalModelValues<FedKSeedSettings> & {
  /** Rounds that the accumulators have been changed by. */
  readonly version: number;
  /** By device: the version that it had for its last task. */
  readonly lastVersions: { readonly [deviceId: string]: number };
  /** Whether all parameters begin at 0, which devices know without being sent it. */
  readonly beginsAtZero: boolean;
};

/**
 * State of `fedKSeed`: where parameters begin under `initial/<name>`, and of each seed under `pool/…` how far it has `moved` them, the version that last changed that
 * (`changed`), and the sum and number of its scalars' magnitudes.
 */
export interface FedKSeedState extends StrategyState {
  readonly values: FedKSeedValues;
}

/** The accumulators in steps of the grid, as devices get them. */
export function accumulatorsOf({ values, tensors }: FedKSeedState): Float32Array {
  return tensors["pool/moved"].data.map((value) => inSteps(value, values.run.strategy.gridBits));
}

/** The pool before the first round. */
export function freshPool(numSeeds: number): Params {
  const zeros = () => createTensor([numSeeds], new Float32Array(numSeeds));
  return { "pool/moved": zeros(), "pool/changed": zeros(), "pool/magnitudes": zeros(), "pool/counts": zeros() };
}

/** The parameters of a state are made once for all who ask. */
const known = new WeakMap<Tensor, Params>();

/** Every tuned parameter as devices come to it: where it begins, moved by K perturbations. */
export function paramsOf(state: FedKSeedState): Params {
  const { run } = state.values;
  const moved = state.tensors["pool/moved"];
  const before = known.get(moved);
  if (before !== undefined) return before;
  const { numSeeds, gridBits } = run.strategy;
  const seeds = seedPool(createRandom(run.seed), numSeeds);
  const params = mapParams(under(state.tensors, "initial/"), ({ shape, data }) => ({ shape, data: data.slice() }));
  const sums = accumulatorsOf(state);
  const movements = Array.from(seeds, (seed, place) => ({ seed, amount: sums[place] / 2 ** gridBits }));
  moveAtOnce(
    params,
    movements.filter(({ amount }) => amount !== 0),
  );
  known.set(moved, params);
  return params;
}

/** The state without what it keeps of a device. */
export function withoutDevice(state: FedKSeedState, deviceId: DeviceId): FedKSeedState {
  const { [deviceId]: last, ...others } = state.values.lastVersions;
  return last === undefined ? state : { ...state, values: { ...state.values, lastVersions: others } };
}
