import { editedTokensOf, type RunSettings, type WordTable } from "@tutti/core";
import type { TunedParameters } from "../tuned.ts";

/** Twelve words, each near one other, and a token that nobody can read. */
export const tinyWords: WordTable = {
  size: 13,
  textOf: (id) => (id === 12 ? null : ` word${id}`),
  rows: (ids) => Float32Array.from(ids.flatMap((id) => [Math.floor(id / 2), id % 2 === 0 ? 0.1 : 0, 1])),
};

/** What a run of simulated devices trains, with these words where it edits a prompt of words. */
export function withTinyWords(tuned: TunedParameters, { tuning }: Pick<RunSettings, "tuning">): TunedParameters {
  return editedTokensOf(tuning) === null ? tuned : { ...tuned, words: tinyWords };
}
