import { type SearchState, startSearch } from "../../cmaEs/search.ts";
import { searchDigest, searchOf } from "../../cmaEs/searchTensors.ts";
import type { SearchSpec } from "../../forwardWork.ts";
import type { Params } from "../../params.ts";
import type { ParameterSets } from "../../task.ts";
import { under } from "../tensors.ts";
import { afterRound, toldRoundOf } from "./toldRound.ts";

/** The search task of a round, as far as following the search needs it. */
export interface SearchTask {
  readonly round: number;
  /** d. */
  readonly size: number;
  readonly spec: SearchSpec;
}

/** A client's copy of the server's search. */
export interface SearchReplica {
  /** Which of a task's sets are needed to come to its search, in the fewest bytes. */
  setsFor(task: SearchTask, numBytes: ParameterSets<number>): readonly string[];
  /** The search that the task starts from; throws where these sets do not lead there. */
  follow(task: SearchTask, sets: ParameterSets<Params>): SearchState;
}

/** A copy that knows nothing yet. It serves all devices of a client. */
export function createSearchReplica(): SearchReplica {
  let known: { readonly round: number; readonly search: SearchState; readonly digest: string } | null = null;

  const isThere = ({ round, spec }: SearchTask): boolean => known?.round === round && known.digest === spec.digest;

  /** Where the told rounds can be told from: the copy, or what a search begins with. */
  function base({ round, size, spec }: SearchTask): { readonly round: number; readonly search: SearchState } | null {
    const { toldFrom, beginsAtZero, covariance, initialStepSize } = spec;
    if (known !== null && known.round < round && toldFrom !== null && toldFrom <= known.round) return known;
    if (!beginsAtZero || (round > 1 && toldFrom !== 1)) return null;
    return { round: 1, search: startSearch(size, covariance, initialStepSize) };
  }

  function followed(task: SearchTask, sets: ParameterSets<Params>): SearchState {
    const { round, size, spec } = task;
    const from = sets.told === undefined && round > 1 ? null : base(task);
    if (from === null) {
      if (sets.search === undefined) throw new Error(`round ${round}: the set "search" is missing`);
      return searchOf(sets.search, size, spec.covariance);
    }
    let { search } = from;
    for (let past = from.round; past < round; past++) search = afterRound(search, toldRoundOf(under(sets.told, `${past}/`), size), spec);
    return search;
  }

  return {
    setsFor(task, { told, search }) {
      if (isThere(task)) return [];
      const canBeTold = base(task) !== null && (told !== undefined || task.round === 1);
      if (!canBeTold || (told !== undefined && search !== undefined && search <= told)) return search === undefined ? [] : ["search"];
      return told === undefined ? [] : ["told"];
    },
    follow(task, sets) {
      if (known !== null && isThere(task)) return known.search;
      const search = followed(task, sets);
      const digest = searchDigest(search);
      known = null;
      if (digest !== task.spec.digest)
        throw new Error(
          `round ${task.round}: the search that this client followed is not the server's (${digest}, expected ${task.spec.digest})`,
        );
      known = { round: task.round, search, digest };
      return search;
    },
  };
}
