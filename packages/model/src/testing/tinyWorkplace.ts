import { createRandom, createSearchReplica, createSeedReplica, type RunSettings } from "@tutti/core";
import { type Example, findClassification } from "@tutti/data";
import { wordTableOf } from "../backbone/wordTable.ts";
import type { Reader } from "../reader.ts";
import { predictAll, scoresOf } from "../training/evaluation.ts";
import type { Tuned } from "../training/gradient.ts";
import type { EncodedExample } from "../training/objective.ts";
import type { Workplace } from "../workplace.ts";
import { goldenBackbone } from "./golden.ts";
import { tinyExamples, tinyTuned } from "./tinyTuned.ts";

const labelWords = { head: "labelWords", lossOver: "labelWords", words: [4, 34, 64] } as const;
const withMask = (example: EncodedExample): EncodedExample => ({ ...example, maskPosition: 0 });

/** The tiny golden roberta as a workplace whose texts are token ids; a share's training rows are `numExamples` examples of its own. */
export function tinyWorkplace(run: RunSettings, numExamples: number): Workplace {
  const tuned = tinyTuned();
  const encode = (examples: readonly Example[]) =>
    examples.map(({ text, label }) => ({ ids: text.split(" ").map(Number), maskPosition: null, label }));
  const texts = (count: number, seed: number): Example[] =>
    tinyExamples(count, seed).map(({ ids, label }) => ({ text: ids.join(" "), label }));
  return {
    run,
    task: { ...findClassification("feedback/topic", "this test"), classes: ["a", "b", "c"] },
    random: createRandom(run.seed),
    backbone: goldenBackbone("roberta"),
    transformer: tuned.transformer,
    layout: tuned.layout,
    reader: tinyReader(tuned, encode, null),
    zeroShotReader: () =>
      tinyReader({ ...tuned, objective: labelWords }, (examples) => encode(examples).map(withMask), ["one", "two", "three"]),
    searchReplica: createSearchReplica(),
    wordTable: () => wordTableOf(goldenBackbone("roberta")),
    seedReplica: createSeedReplica(run.seed),
    publicExamples: () => [],
    examplesOf(source) {
      const index = source.kind === "share" ? source.index : 0;
      return {
        train: texts(numExamples, 100 + index),
        personalised: texts(9, 200 + index),
        globalTest: texts(7, 300 + index),
        globalValidation: texts(5, 400 + index),
      };
    },
  };
}

/** A reader of three classes. */
export function tinyReader(tuned: Tuned, encode: Reader["encode"], words: readonly string[] | null): Reader {
  return {
    tuned,
    labelWords: words,
    encode,
    async evaluate(params, examples) {
      const encoded = encode(examples);
      return scoresOf(await predictAll(tuned, params, encoded), encoded, 3);
    },
  };
}
