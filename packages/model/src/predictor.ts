import { createRandom, type Params, type RunSettings } from "@tutti/core";
import { type Example, findClassification, rememberLabels } from "@tutti/data";
import type { PackedBackbone } from "./backbone/packed.ts";
import { createTransformer } from "./backbone/transformer.ts";
import { createReader, createZeroShotReader } from "./reader.ts";
import { createTokenizer } from "./tokenizer.ts";
import { predictAll, scoresOf } from "./training/evaluation.ts";
import { createTuner } from "./tuning/createTuner.ts";
import { tunedLayout } from "./tuning/layout.ts";
import type { SourcePrompt } from "./tuning/sourcePrompts.ts";

/** A backbone with tuned parameters that answers, on the backend that computes now. */
export interface Predictor {
  /** Names of the classes, in class order. */
  readonly classes: readonly string[];
  /** The label word that answers for each class; null where a trained linear head answers. */
  readonly labelWords: readonly string[] | null;
  /** The probability of each class, for each text; labels are not read. */
  probabilities(texts: readonly Pick<Example, "text" | "textB">[]): Promise<readonly (readonly number[])[]>;
  /** The class of each text, with other parameters of the same names where they are given; labels are not read. */
  predict(texts: readonly Pick<Example, "text" | "textB">[], ofDevice?: Params): Promise<readonly number[]>;
  /** (classes, classes): rows are true classes, columns predictions. */
  confusion(examples: readonly Example[]): Promise<readonly (readonly number[])[]>;
  /** The same of the backbone without prompts, label words at the mask. */
  zeroShotConfusion(examples: readonly Example[]): Promise<readonly (readonly number[])[]>;
  dispose(): void;
}

/** Puts a loaded backbone on the current backend to predict with every trained parameter of a run, and for ATTEMPT with its source prompts. */
export function createPredictor(
  backbone: PackedBackbone,
  run: Pick<RunSettings, "task" | "labels" | "tuning" | "seed">,
  params: Params,
  sourcePrompts: readonly SourcePrompt[] = [],
): Predictor {
  if (backbone.tokenizerJson === null)
    throw new Error(`backbone ${backbone.name} has no tokenizer, so it cannot read texts: add it again from a folder with tokenizer.json`);
  rememberLabels(run);
  const task = findClassification(run.task, "predicting a class");
  const transformer = createTransformer(backbone);
  const layout = tunedLayout(backbone.config, run.tuning, task.classes.length);
  const tokenizer = createTokenizer(backbone.tokenizerJson, backbone.tokenizerConfig);
  const tuner = createTuner(transformer, run.tuning, { random: createRandom(run.seed), sourcePrompts });
  const parts = { transformer, tokenizer, layout, tuner };
  const { tuned, encode, labelWords } = createReader(parts, task, run.tuning);
  const answer = (texts: readonly Pick<Example, "text" | "textB">[], of: Params) =>
    predictAll(tuned, of, encode(texts.map((text) => ({ ...text, label: 0 }))));
  return {
    classes: task.classes,
    labelWords,
    probabilities: async (texts) => (await answer(texts, params)).probabilities,
    predict: async (texts, ofDevice = params) => (await answer(texts, ofDevice)).classes,
    async confusion(examples) {
      const encoded = encode(examples);
      return scoresOf(await predictAll(tuned, params, encoded), encoded, task.classes.length).confusion;
    },
    async zeroShotConfusion(examples) {
      const bare = createZeroShotReader(parts, task, run.tuning);
      const encoded = bare.encode(examples);
      return scoresOf(await predictAll(bare.tuned, null, encoded), encoded, task.classes.length).confusion;
    },
    dispose: () => transformer.dispose(),
  };
}
