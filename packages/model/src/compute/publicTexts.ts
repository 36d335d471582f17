import * as tf from "@tensorflow/tfjs-core";
import type { Params } from "@tutti/core";
import { type AnswerBatch, answerBatch, scoreAnswers } from "../training/answers.ts";
import type { Tuned } from "../training/gradient.ts";
import { type EncodedExample, labelledBatch } from "../training/objective.ts";
import { flattenTuned, valuesFor } from "../tuning/layout.ts";

/** Texts as a model reads them, and which of their tokens it predicts. */
export function batchOf({ transformer }: Pick<Tuned, "transformer">, examples: readonly EncodedExample[]): AnswerBatch {
  return answerBatch(labelledBatch(examples, transformer.config.padTokenId));
}

/** Tokens of a text that are predicted. */
export function numPredicted({ ids, answer }: EncodedExample): number {
  return ids.length - (answer?.start ?? ids.length);
}

/** The scores (S, V) of a model with these parameters, or with null of the bare one, over the predicted tokens of some texts. */
export async function scoresOfTexts(tuned: Tuned, params: Params | null, examples: readonly EncodedExample[]): Promise<Float32Array[]> {
  const logits = tf.tidy(() => {
    const values = params === null ? null : valuesFor(tuned.tuner, tuned.layout, tf.tensor1d(flattenTuned(tuned.layout, params)));
    return scoreAnswers(values, batchOf(tuned, examples), { ...tuned, hasGradient: false }).logits;
  });
  const numTokens = examples.reduce((sum, example) => sum + numPredicted(example), 0);
  const vocabSize = logits.shape[1];
  const data = await logits.data<"float32">().finally(() => logits.dispose());
  return Array.from({ length: numTokens }, (_, row) => data.subarray(row * vocabSize, (row + 1) * vocabSize));
}
