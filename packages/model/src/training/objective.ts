import * as tf from "@tensorflow/tfjs";
import { padBatch, type TokenBatch } from "../backbone/batch.ts";
import type { HeadPass } from "../backbone/languageHead.ts";
import type { Pass, Transformer } from "../backbone/transformer.ts";
import type { TunedTensors } from "../tuning/prefix.ts";
import { suffixBatch, suffixLossAndGradient, suffixLosses } from "./suffix.ts";

/** An example as the backbone reads it. */
export interface EncodedExample {
  readonly ids: readonly number[];
  /** Where the mask token is; null in texts without a template, as the linear head reads them. */
  readonly maskPosition: number | null;
  readonly label: number;
}

/**
 * What the loss is taken over: logits of label words at the mask (normalised over them or the vocabulary), a trained linear head, or, for
 * causal backbones, the mean token loss of a suffix per class.
 */
export type Objective =
  | { readonly head: "labelWords"; readonly lossOver: "vocabulary" | "labelWords"; readonly words: readonly number[] }
  | { readonly head: "linear"; readonly numClasses: number }
  | { readonly head: "suffix"; readonly suffixes: readonly (readonly number[])[] };

export interface LabelledBatch {
  readonly tokens: TokenBatch;
  readonly labels: readonly number[];
  readonly maskPositions: readonly (number | null)[];
}

/** Examples side by side, padded to the longest rounded up to a multiple of 8. */
export function labelledBatch(examples: readonly EncodedExample[], padTokenId: number): LabelledBatch {
  return {
    tokens: padBatch(
      examples.map((example) => example.ids),
      padTokenId,
    ),
    labels: examples.map((example) => example.label),
    maskPositions: examples.map((example) => example.maskPosition),
  };
}

/** How the trained parameters meet the backbone. */
export interface ObjectiveOptions {
  readonly objective: Objective;
  readonly positionsAfterPrefix: boolean;
}

/** Mean cross-entropy of a batch and its gradient with respect to everything trained. Call within `tf.tidy`. */
export function lossAndGradient(
  transformer: Transformer,
  tuned: TunedTensors,
  batch: LabelledBatch,
  options: ObjectiveOptions,
): { loss: tf.Scalar; gradient: TunedTensors } {
  const { objective } = options;
  if (objective.head === "suffix") {
    const right = batch.labels.map((label) => objective.suffixes[label]);
    const suffixed = suffixBatch(textsOf(batch), right, transformer.config.padTokenId);
    return suffixLossAndGradient(transformer, tuned, suffixed, options);
  }
  const { pass, pool, scored } = run(transformer, tuned, batch, { ...options, objective, hasGradient: true });
  const logProbabilities = tf.logSoftmax(scored.logits);
  const targets = oneHot(scored.targets, scored.logits.shape[1]);
  const numExamples = batch.labels.length;
  const loss = tf.div<tf.Scalar>(tf.neg(tf.sum(tf.mul(logProbabilities, targets))), numExamples);
  const dLogits = tf.div<tf.Tensor2D>(tf.sub(tf.exp(logProbabilities), targets), numExamples);
  const { dRows, head } = scored.backward(dLogits);
  const prefixes = transformer.backward(tf.matMul(pool, dRows, true, false), pass);
  return { loss, gradient: { prefixes, head } };
}

/** Class logits (B, C) and the loss of every example (B). Null `tuned` means the bare backbone. Call within `tf.tidy`. */
export function predict(
  transformer: Transformer,
  tuned: TunedTensors | null,
  batch: LabelledBatch,
  options: ObjectiveOptions,
): { classLogits: tf.Tensor2D; losses: tf.Tensor1D } {
  const { objective } = options;
  if (objective.head === "suffix") return predictBySuffix(transformer, tuned, batch, { ...options, objective });
  const { scored, pooled } = run(transformer, tuned, batch, { ...options, objective, hasGradient: false });
  const losses = tf.neg(tf.sum<tf.Tensor1D>(tf.mul(tf.logSoftmax(scored.logits), oneHot(scored.targets, scored.logits.shape[1])), 1));
  const overVocabulary = objective.head === "labelWords" && objective.lossOver === "vocabulary";
  return { classLogits: overVocabulary ? transformer.head.forward(pooled, objective.words, false).logits : scored.logits, losses };
}

/** The lower a class's suffix loss, the likelier the class. */
function predictBySuffix(
  transformer: Transformer,
  tuned: TunedTensors | null,
  batch: LabelledBatch,
  { objective: { suffixes }, positionsAfterPrefix }: ObjectiveOptions & { readonly objective: Extract<Objective, { head: "suffix" }> },
): { classLogits: tf.Tensor2D; losses: tf.Tensor1D } {
  const texts = textsOf(batch);
  const perClass = suffixes.map((suffix) => {
    const suffixed = suffixBatch(
      texts,
      texts.map(() => suffix),
      transformer.config.padTokenId,
    );
    return suffixLosses(transformer, tuned?.prefixes ?? null, suffixed, { positionsAfterPrefix });
  });
  const classLogits = tf.neg(tf.stack(perClass, 1) as tf.Tensor2D); // (B, C)
  return { classLogits, losses: tf.neg(tf.sum<tf.Tensor1D>(tf.mul(classLogits, oneHot(batch.labels, suffixes.length)), 1)) };
}

/** The texts without their padding. */
function textsOf({ tokens: { ids, lengths, numTokens } }: LabelledBatch): number[][] {
  return lengths.map((length, i) => [...ids.subarray(i * numTokens, i * numTokens + length)]);
}

type PooledObjective = Exclude<Objective, { head: "suffix" }>;

interface Scored {
  readonly logits: tf.Tensor2D;
  /** Column of each example's right answer. */
  readonly targets: readonly number[];
  backward(dLogits: tf.Tensor2D): { dRows: tf.Tensor2D; head: TunedTensors["head"] };
}

function run(
  transformer: Transformer,
  tuned: TunedTensors | null,
  batch: LabelledBatch,
  options: ObjectiveOptions & { readonly objective: PooledObjective; readonly hasGradient: boolean },
): { pass: Pass; pool: tf.Tensor2D; pooled: tf.Tensor2D; scored: Scored } {
  const { objective, positionsAfterPrefix, hasGradient } = options;
  const prefixes = tuned?.prefixes ?? null;
  const firstPosition = positionsAfterPrefix ? (prefixes?.[0]?.shape[1] ?? 0) : 0;
  const pass = transformer.forward(batch.tokens, { prefixes, firstPosition, hasGradient });
  const pool = poolOf(batch, objective);
  const pooled = tf.matMul<tf.Tensor2D>(pool, pass.last); // (B, H)
  const scored =
    objective.head === "linear"
      ? scoreLinear(pooled, tuned?.head ?? null, batch.labels)
      : scoreWords(transformer, pooled, batch.labels, { ...objective, hasGradient });
  return { pass, pool, pooled, scored };
}

function scoreLinear(pooled: tf.Tensor2D, head: TunedTensors["head"], labels: readonly number[]): Scored {
  if (head === null) throw new Error("the linear head needs the parameters head/weight and head/bias");
  return {
    logits: tf.add(tf.matMul(pooled, head.weight, false, true), head.bias),
    targets: labels,
    backward: (dLogits) => ({
      dRows: tf.matMul(dLogits, head.weight),
      head: { weight: tf.matMul(dLogits, pooled, true, false), bias: tf.sum(dLogits, 0) },
    }),
  };
}

function scoreWords(
  transformer: Transformer,
  pooled: tf.Tensor2D,
  labels: readonly number[],
  options: Extract<Objective, { head: "labelWords" }> & { readonly hasGradient: boolean },
): Scored {
  const overVocabulary = options.lossOver === "vocabulary";
  const pass: HeadPass = transformer.head.forward(pooled, overVocabulary ? null : options.words, options.hasGradient);
  return {
    logits: pass.logits,
    targets: overVocabulary ? labels.map((label) => options.words[label]) : labels,
    backward: (dLogits) => ({ dRows: transformer.head.backward(dLogits, pass), head: null }),
  };
}

/** (B, B·T): picks each text's mask row, or averages its real tokens. A product instead of a gather, so that the gradient is one too. */
function poolOf({ tokens, maskPositions }: LabelledBatch, objective: PooledObjective): tf.Tensor2D {
  const numExamples = maskPositions.length;
  const width = numExamples * tokens.numTokens;
  const pool = new Float32Array(numExamples * width);
  maskPositions.forEach((position, i) => {
    const start = i * width + i * tokens.numTokens;
    if (objective.head === "linear") pool.fill(1 / tokens.lengths[i], start, start + tokens.lengths[i]);
    else if (position === null) throw new Error("a label word is read at the mask, but the text has none");
    else pool[start + position] = 1;
  });
  return tf.tensor2d(pool, [numExamples, width]);
}

function oneHot(columns: readonly number[], numColumns: number): tf.Tensor2D {
  const values = new Float32Array(columns.length * numColumns);
  columns.forEach((column, row) => {
    values[row * numColumns + column] = 1;
  });
  return tf.tensor2d(values, [columns.length, numColumns]);
}
