import * as tf from "@tensorflow/tfjs-core";
import { noText, type Params, type TextSums } from "@tutti/core";
import { flattenTuned, valuesFor } from "../tuning/layout.ts";
import { fittedTo } from "../tuning/ownLayout.ts";
import { withResidual } from "../tuning/residual.ts";
import { answerBatch, predictAnswers } from "./answers.ts";
import { batchesOf } from "./evaluation.ts";
import type { Tuned } from "./gradient.ts";
import { type EncodedExample, labelledBatch } from "./objective.ts";
import { throwIfAborted, yieldToEvents } from "./pause.ts";

/** What the predicted tokens of texts add up to. */
export interface TextScored {
  readonly text: TextSums;
  /** In nats, over the tokens. */
  readonly lossSum: number;
}

/** What one example adds. */
export interface ScoredText {
  readonly numTokens: number;
  readonly numRight: number;
  readonly lossSum: number;
}

/**
 * Predicts every token of the examples' answers from all before it, in batches; sums are taken text by text and in the order of the examples,
 * whatever is batched with what. Null params mean the bare backbone.
 */
export async function scoreTexts(
  tuned: Tuned,
  params: Params | null,
  examples: readonly EncodedExample[],
  signal?: AbortSignal,
): Promise<TextScored> {
  const fitted = fittedTo(tuned, params);
  const values = params === null ? null : flattenTuned(fitted.layout, params);
  const scored: ScoredText[] = [];
  await withResidual(fitted, params, async (whole) => {
    for (const bucket of batchesOf(examples)) {
      throwIfAborted(signal);
      const batch = bucket.map((index) => examples[index]);
      scored.push(...(await scoreBatch(whole, values, batch)));
      await yieldToEvents();
    }
  });
  return addScored(examples, scored);
}

/** The sums of texts whose tokens were predicted one example after the other. */
export function addScored(examples: readonly EncodedExample[], scored: readonly ScoredText[]): TextScored {
  const sum = (of: (text: ScoredText) => number) => scored.reduce((total, text) => total + of(text), 0);
  return {
    lossSum: sum(({ lossSum }) => lossSum),
    text: {
      ...noText,
      numExamples: examples.length,
      numTokens: sum(({ numTokens }) => numTokens),
      numBytes: examples.reduce((total, { answer }) => total + (answer?.numBytes ?? 0), 0),
      numRightTokens: sum(({ numRight }) => numRight),
    },
  };
}

async function scoreBatch(tuned: Tuned, values: Float32Array | null, examples: readonly EncodedExample[]): Promise<ScoredText[]> {
  const batch = answerBatch(labelledBatch(examples, tuned.transformer.config.padTokenId));
  const tensors = tf.tidy(() => {
    const parts = values === null ? null : valuesFor(tuned.tuner, tuned.layout, tf.tensor1d(values));
    return predictAnswers(parts, batch, tuned);
  });
  const [losses, best] = await Promise.all([tensors.losses.data(), tensors.best.data()]).finally(() => tf.dispose(tensors));
  let at = 0;
  return examples.map(({ ids, answer }) => {
    const numTokens = ids.length - (answer?.start ?? ids.length);
    const [first, end] = [at, at + numTokens];
    at = end;
    let [lossSum, numRight] = [0, 0];
    for (let i = first; i < end; i++) {
      lossSum += losses[i];
      if (best[i] === batch.targets[i]) numRight += 1;
    }
    return { numTokens, numRight, lossSum };
  });
}
