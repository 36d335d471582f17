import * as tf from "@tensorflow/tfjs";
import { padBatch, type TokenBatch } from "../backbone/batch.ts";
import type { HeadPass } from "../backbone/languageHead.ts";
import type { Pass, Transformer } from "../backbone/transformer.ts";
import { crossEntropy } from "../kernels/crossEntropy.ts";
import { firstRows } from "../kernels/linear.ts";
import { oneHot, pickRows, placeRows } from "../kernels/rows.ts";
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
  const { pass, pooling, scored } = run(transformer, tuned, batch, { ...options, objective, hasGradient: true });
  const { loss, dLogits } = crossEntropy(scored.logits, scored.targets, equalShares(batch.labels.length));
  const { dRows, head } = scored.backward(dLogits);
  const prefixes = transformer.backward(pooling.backward(dRows), pass);
  return { loss, gradient: { prefixes, head } };
}

/** Every example's share in the mean. */
function equalShares(numExamples: number): number[] {
  return new Array<number>(numExamples).fill(1 / numExamples);
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
  /** d logits (B, columns), which more rows may follow. */
  backward(dLogits: tf.Tensor2D): { dRows: tf.Tensor2D; head: TunedTensors["head"] };
}

function run(
  transformer: Transformer,
  tuned: TunedTensors | null,
  batch: LabelledBatch,
  options: ObjectiveOptions & { readonly objective: PooledObjective; readonly hasGradient: boolean },
): { pass: Pass; pooling: Pooling; pooled: tf.Tensor2D; scored: Scored } {
  const { objective, positionsAfterPrefix, hasGradient } = options;
  const prefixes = tuned?.prefixes ?? null;
  const firstPosition = positionsAfterPrefix ? (prefixes?.[0]?.shape[1] ?? 0) : 0;
  const pass = transformer.forward(batch.tokens, { prefixes, firstPosition, hasGradient });
  const pooling = objective.head === "linear" ? meanPooling(batch) : maskPooling(batch);
  const pooled = pooling.forward(pass.last);
  const scored =
    objective.head === "linear"
      ? scoreLinear(pooled, tuned?.head ?? null, batch.labels)
      : scoreWords(transformer, pooled, batch.labels, { ...objective, hasGradient });
  return { pass, pooling, pooled, scored };
}

function scoreLinear(pooled: tf.Tensor2D, head: TunedTensors["head"], labels: readonly number[]): Scored {
  if (head === null) throw new Error("the linear head needs the parameters head/weight and head/bias");
  return {
    logits: tf.add(tf.matMul(pooled, head.weight, false, true), head.bias),
    targets: labels,
    backward: (dAll) => {
      const dLogits = firstRows(dAll, labels.length);
      return {
        dRows: tf.matMul(dLogits, head.weight),
        head: { weight: tf.matMul(dLogits, pooled, true, false), bias: tf.sum(dLogits, 0) },
      };
    },
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

/** How each text's states (B·T, H) become one row (B, H), and the gradient of that. */
interface Pooling {
  forward(states: tf.Tensor2D): tf.Tensor2D;
  backward(dPooled: tf.Tensor2D): tf.Tensor2D;
}

/** The state at each text's mask. */
function maskPooling({ tokens, maskPositions }: LabelledBatch): Pooling {
  const rows = maskPositions.map((position, i) => {
    if (position === null) throw new Error("a label word is read at the mask, but the text has none");
    return i * tokens.numTokens + position;
  });
  return { forward: (states) => pickRows(states, rows), backward: (dPooled) => placeRows(dPooled, rows, tokens.ids.length) };
}

/** The mean over each text's real tokens. */
function meanPooling({ tokens: { lengths, numTokens } }: LabelledBatch): Pooling {
  const width = lengths.length * numTokens;
  const shares = new Float32Array(lengths.length * width);
  lengths.forEach((length, i) => {
    const start = i * width + i * numTokens;
    shares.fill(1 / length, start, start + length);
  });
  const pool = tf.tensor2d(shares, [lengths.length, width]);
  return { forward: (states) => tf.matMul(pool, states), backward: (dPooled) => tf.matMul(pool, dPooled, true, false) };
}
