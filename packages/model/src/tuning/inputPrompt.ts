import * as tf from "@tensorflow/tfjs-core";
import { type Random, type TuningSettingsOf, vocabularyRows } from "@tutti/core";
import type { BackboneConfig } from "../backbone/config.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { sumRows } from "../kernels/smallProduct.ts";
import { forwardPrompted } from "./promptRows.ts";
import type { Tuner } from "./tuner.ts";

/** Lester et al. draw from the 5,000 most common tokens, which come first in most vocabularies. */
const numCommonWords = 5000;

/** Words of the vocabulary that prompts may start from. */
export function commonWords({ vocabSize }: Pick<BackboneConfig, "vocabSize">): number {
  return Math.min(numCommonWords, vocabSize);
}

/**
 * A soft prompt in front of the words: parameter `prompt` (P, H). From `normal` it is the prompt, as in FedPrompt (Zhao et al. 2023,
 * https://arxiv.org/abs/2208.12268); from `vocabulary` it is the difference to rows of the word embeddings that the run's seed draws, as in
 * Prompt Tuning (Lester et al. 2021, https://arxiv.org/abs/2104.08691, §3.2), so that weight decay and prompt dropout draw to those rows.
 */
export function createInputPromptTuner(
  transformer: Transformer,
  { promptTokens, initial }: Pick<TuningSettingsOf<"inputPrompt">, "promptTokens" | "initial">,
  random: Random,
): Tuner {
  const start = initial === "normal" ? null : transformer.wordRows(vocabularyRows(random, promptTokens, commonWords(transformer.config)));
  return {
    forward(values, batch, options) {
      const trained = values.prompt as tf.Tensor2D;
      const prompt = start === null ? trained : tf.add<tf.Tensor2D>(trained, tf.tensor2d(start, trained.shape));
      const pass = forwardPrompted(transformer, tf.expandDims<tf.Tensor3D>(prompt, 0), batch, options);
      return {
        ...pass,
        backward(dLast) {
          const numTexts = batch.lengths.length;
          const ofTexts = tf.reshape<tf.Rank.R2>(pass.backward(dLast), [numTexts, prompt.size]);
          return { prompt: tf.reshape(sumRows(ofTexts, numTexts), prompt.shape) };
        },
      };
    },
  };
}
