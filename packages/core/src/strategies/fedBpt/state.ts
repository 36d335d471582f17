import type { SearchState } from "../../cmaEs/search.ts";
import { searchOf, searchTensors } from "../../cmaEs/searchTensors.ts";
import { numValues, type Params } from "../../params.ts";
import type { DeviceId } from "../../task.ts";
import type { GlobalModelState, GlobalModelValues } from "../globalModel.ts";
import { under, withPrefix } from "../tensors.ts";
import type { FedBptSettings } from "./settings.ts";
import { type ToldRound, toldTensors } from "./toldRound.ts";

/** The tuned parameter that is searched. */
export const searched = "z";

/** A round that devices which missed it can still be told. */
type KeptRound = { readonly round: number; readonly deviceIds: readonly DeviceId[] };

/** What FedBPT keeps beside tensors. */
export type FedBptValues = GlobalModelValues<FedBptSettings> & {
  /** d. */
  readonly size: number;
  /** Whether the first round began with a mean of 0, which devices know without being sent it. */
  readonly beginsAtZero: boolean;
  /** By device: the last round that it contributed to, whose search it then had. */
  readonly lastRounds: { readonly [deviceId: string]: number };
  /** Ascending, without gaps, up to the last round that was told. */
  readonly kept: readonly KeptRound[];
};

/** State of `fedBpt`: the search under `search/…`, rounds under `told/<round>/…`, and its mean as devices decode it under `W/z`. */
export interface FedBptState extends GlobalModelState<FedBptSettings> {
  readonly values: FedBptValues;
}

/** The search that the next round starts from. */
export function searchIn({ values, tensors }: FedBptState): SearchState {
  return searchOf(under(tensors, "search/"), values.size, values.run.strategy.covariance);
}

/** A search under its names in the state. */
export function storedSearch(search: SearchState): Params {
  return withPrefix("search/", searchTensors(search));
}

/** The state's rounds with one more; those that devices can be told in fewer values than the whole search has. */
export function withRound(
  { values, tensors }: FedBptState,
  round: ToldRound,
  { round: number, deviceIds }: KeptRound,
): Pick<FedBptState, "tensors"> & { kept: readonly KeptRound[] } {
  const all = { ...under(tensors, "told/"), ...withPrefix(`${number}/`, toldTensors(round)) };
  return keepRounds(all, [...values.kept, { round: number, deviceIds }], numValues(under(tensors, "search/")));
}

/** The newest of these rounds that together have fewer than `most` values. */
function keepRounds(all: Params, rounds: readonly KeptRound[], most: number) {
  const kept: KeptRound[] = [];
  let tensors: Params = {};
  for (const one of [...rounds].reverse()) {
    const more = { ...withPrefix(`${one.round}/`, under(all, `${one.round}/`)), ...tensors };
    if (numValues(more) >= most) break;
    kept.unshift(one);
    tensors = more;
  }
  return { kept, tensors: withPrefix("told/", tensors) };
}

/** The rounds from `first` on that are kept, as a payload with names such as `7/moves`; null where one of them, up to the last, is not. */
export function roundsSince({ values, tensors }: FedBptState, first: number): Params | null {
  if (!values.kept.some(({ round }) => round === first)) return null;
  const wanted = values.kept.filter(({ round }) => round >= first).map(({ round }) => `${round}/`);
  const entries = Object.entries(under(tensors, "told/")).filter(([name]) => wanted.some((prefix) => name.startsWith(prefix)));
  return Object.fromEntries(entries);
}

/** The state without what it keeps of a device: its last round, and the rounds that it was part of with all before them. */
export function withoutDevice(state: FedBptState, deviceId: DeviceId): FedBptState {
  const { lastRounds, kept } = state.values;
  const last = kept.findLastIndex(({ deviceIds }) => deviceIds.includes(deviceId));
  if (lastRounds[deviceId] === undefined && last < 0) return state;
  const { [deviceId]: _, ...others } = lastRounds;
  const dropped = kept.slice(0, last + 1).map(({ round }) => `told/${round}/`);
  const tensors = Object.fromEntries(Object.entries(state.tensors).filter(([name]) => !dropped.some((prefix) => name.startsWith(prefix))));
  return { values: { ...state.values, lastRounds: others, kept: kept.slice(last + 1) }, tensors };
}
