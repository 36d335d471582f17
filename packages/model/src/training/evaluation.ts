import * as tf from "@tensorflow/tfjs-core";
import { type Confusion, confusionOf, type Params } from "@tutti/core";
import { flattenTuned, valuesFor } from "../tuning/layout.ts";
import { fittedTo } from "../tuning/ownLayout.ts";
import { withResidual } from "../tuning/residual.ts";
import type { Tuned } from "./gradient.ts";
import { type EncodedExample, labelledBatch, predict } from "./objective.ts";
import { throwIfAborted, yieldToEvents } from "./pause.ts";

/** What the model says of examples, in their order. */
interface Predictions {
  /** Class with the largest logit, per example. */
  readonly classes: readonly number[];
  readonly losses: readonly number[];
  /** Of each class, per example: the softmax of the class logits. */
  readonly probabilities: readonly (readonly number[])[];
}

/** Confusion matrix (rows: true classes) and loss sum over examples. */
export interface Scores {
  readonly confusion: Confusion;
  readonly lossSum: number;
}

/** Tokens of one evaluation batch. */
const tokensPerBatch = 1024;

/** Predicts every example, in batches; the answers are in the order of the examples. Null params mean the bare backbone. */
export async function predictAll(
  tuned: Tuned,
  params: Params | null,
  examples: readonly EncodedExample[],
  signal?: AbortSignal,
): Promise<Predictions> {
  return withResidual(fittedTo(tuned, params), params, (whole) => predictWith(whole, params, examples, signal));
}

async function predictWith(
  tuned: Tuned,
  params: Params | null,
  examples: readonly EncodedExample[],
  signal: AbortSignal | undefined,
): Promise<Predictions> {
  const classes = new Array<number>(examples.length);
  const losses = new Array<number>(examples.length);
  const probabilities = new Array<readonly number[]>(examples.length);
  const values = params === null ? null : flattenTuned(tuned.layout, params);
  for (const bucket of batchesOf(examples)) {
    throwIfAborted(signal);
    const batch = labelledBatch(
      bucket.map((index) => examples[index]),
      tuned.transformer.config.padTokenId,
    );
    const tensors = tf.tidy(() => {
      const parts = values === null ? null : valuesFor(tuned.tuner, tuned.layout, tf.tensor1d(values));
      return predict(parts, batch, tuned);
    });
    const [logits, batchLosses] = await Promise.all([tensors.classLogits.data(), tensors.losses.data()]);
    const numClasses = tensors.classLogits.shape[1];
    tf.dispose([tensors.classLogits, tensors.losses]);
    bucket.forEach((index, i) => {
      const ofExample = logits.slice(i * numClasses, (i + 1) * numClasses);
      classes[index] = argMax(ofExample);
      probabilities[index] = softmax(ofExample);
      losses[index] = batchLosses[i];
    });
    await yieldToEvents();
  }
  return { classes, losses, probabilities };
}

/** Counts predictions by true class; the loss is summed in the order of the examples. */
export function scoresOf(
  predictions: Pick<Predictions, "classes" | "losses">,
  examples: readonly EncodedExample[],
  numClasses: number,
): Scores {
  const labels = examples.map((example) => example.label);
  const confusion = confusionOf(labels, predictions.classes, numClasses);
  return { confusion, lossSum: predictions.losses.reduce((sum, loss) => sum + loss, 0) };
}

/** Indices in batches of at most `tokensPerBatch` tokens; a longer text is alone in its batch. */
export function batchesOf(examples: readonly EncodedExample[]): number[][] {
  const batches: number[][] = [];
  let numTokens = 0;
  examples.forEach(({ ids }, index) => {
    numTokens += ids.length;
    const batch = batches[batches.length - 1];
    if (batch !== undefined && numTokens <= tokensPerBatch) {
      batch.push(index);
    } else {
      batches.push([index]);
      numTokens = ids.length;
    }
  });
  return batches;
}

/** Shares of 1, however large the logits are. */
function softmax(logits: ArrayLike<number>): number[] {
  const largest = Math.max(...Array.from(logits));
  const weights = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The first of the largest. */
function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
