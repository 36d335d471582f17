import * as tf from "@tensorflow/tfjs-core";
import { type TokenBatch, textsOf, tokenBatch } from "../backbone/batch.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { crossEntropy } from "../kernels/crossEntropy.ts";
import { meanRows, meanRowsGradient } from "../kernels/meanRows.ts";
import { oneHot, pickRows, placeRows } from "../kernels/rows.ts";
import { smallProduct, sumRows } from "../kernels/smallProduct.ts";
import type { Residual } from "../tuning/frozenProducts.ts";
import { createBareTuner } from "../tuning/prefix.ts";
import type { InputDraws, TunedPass, TunedValues, Tuner } from "../tuning/tuner.ts";
import { answerLossAndGradient } from "./answers.ts";
import { suffixBatch, suffixLossAndGradient, suffixLosses } from "./suffix.ts";
import { vocabularyLossAndGradient, vocabularyLosses } from "./vocabularyLoss.ts";

/** An example as the backbone reads it. */
export interface EncodedExample {
  readonly ids: readonly number[];
  /** Where the mask token is; null in texts without a template, as the linear head reads them. */
  readonly maskPosition: number | null;
  /** 0 in texts that are answered with text. */
  readonly label: number;
  /** Of a text task. */
  readonly answer?: EncodedAnswer;
}

/** What of a text is predicted: its tokens from `start` on. */
export interface EncodedAnswer {
  /** At least 1, since something must stand before the first token that is predicted. */
  readonly start: number;
  /** Of the answer's text in UTF-8. */
  readonly numBytes: number;
}

/**
 * What the loss is taken over: logits of label words at the mask (normalised over them or the vocabulary), a trained linear head, or, for
 * causal backbones, the mean token loss of a suffix per class or the tokens of each text's own answer.
 */
export type Objective =
  | { readonly head: "labelWords"; readonly lossOver: "vocabulary" | "labelWords"; readonly words: readonly number[] }
  | { readonly head: "linear"; readonly numClasses: number }
  | { readonly head: "suffix"; readonly suffixes: readonly (readonly number[])[] }
  | { readonly head: "answer" };

/** Texts with what the objective needs of each: its class, and where its mask is (null without one). */
export interface LabelledBatch {
  readonly tokens: TokenBatch;
  readonly labels: readonly number[];
  readonly maskPositions: readonly (number | null)[];
  /** Where each text's answer begins; absent where texts have none. */
  readonly answerStarts?: readonly number[];
}

/** Examples end to end. */
export function labelledBatch(examples: readonly EncodedExample[], padTokenId: number): LabelledBatch {
  const answers = examples.flatMap(({ answer }) => answer ?? []);
  return {
    tokens: tokenBatch(
      examples.map((example) => example.ids),
      padTokenId,
    ),
    labels: examples.map((example) => example.label),
    maskPositions: examples.map((example) => example.maskPosition),
    ...(answers.length === examples.length ? { answerStarts: answers.map(({ start }) => start) } : {}),
  };
}

/** What a batch counts in the mean loss of an epoch: the tokens of its answers, or its examples. */
export function lossWeight(examples: readonly EncodedExample[]): number {
  return examples.reduce((sum, { ids, answer }) => sum + (answer === undefined ? 1 : ids.length - answer.start), 0);
}

/** How the trained parameters meet the backbone. */
export interface ObjectiveOptions {
  readonly transformer: Transformer;
  readonly tuner: Tuner;
  readonly objective: Objective;
  readonly positionsAfterPrefix: boolean;
  /** Of a training step; see `TunerOptions`. */
  readonly inputDraws?: InputDraws | undefined;
  /** Frozen differences beside what is trained; see `TunerOptions`. */
  readonly residual?: Residual | undefined;
}

/** Mean cross-entropy of a batch, over its texts or over the tokens of all answers, and its gradient with respect to everything trained. Call within `tf.tidy`. */
export function lossAndGradient(
  values: TunedValues,
  batch: LabelledBatch,
  options: ObjectiveOptions,
): { loss: tf.Scalar; gradient: TunedValues } {
  const { transformer, objective } = options;
  if (objective.head === "answer") return answerLossAndGradient(values, batch, options);
  if (objective.head === "suffix") {
    const right = batch.labels.map((label) => objective.suffixes[label]);
    const suffixed = suffixBatch(textsOf(batch.tokens), right, transformer.config.padTokenId);
    return suffixLossAndGradient(values, suffixed, options);
  }
  const { pass, pooling, scored } = run(values, batch, { ...options, objective, hasGradient: true });
  const { loss, dRows, head } = scored.lossAndGradient(equalShares(batch.labels.length));
  return { loss, gradient: { ...pass.backward(pooling.backward(dRows)), ...head } };
}

/** Every example's share in the mean. */
function equalShares(numExamples: number): number[] {
  return new Array<number>(numExamples).fill(1 / numExamples);
}

/** Class logits (B, C) and the loss of every example (B). Null values mean the bare backbone. Call within `tf.tidy`. */
export function predict(
  values: TunedValues | null,
  batch: LabelledBatch,
  options: ObjectiveOptions,
): { classLogits: tf.Tensor2D; losses: tf.Tensor1D } {
  const { transformer, objective } = options;
  if (objective.head === "answer") throw new Error("an answer is a text and has no classes to predict");
  const tuner = values === null ? createBareTuner(transformer) : options.tuner;
  if (objective.head === "suffix") return predictBySuffix(values ?? {}, batch, { ...options, tuner, objective });
  const { scored } = run(values ?? {}, batch, { ...options, tuner, objective, hasGradient: false });
  return { classLogits: scored.classLogits(), losses: scored.losses() };
}

/** The lower a class's suffix loss, the likelier the class. */
function predictBySuffix(
  values: TunedValues,
  batch: LabelledBatch,
  options: ObjectiveOptions & { readonly objective: Extract<Objective, { head: "suffix" }> },
): { classLogits: tf.Tensor2D; losses: tf.Tensor1D } {
  const { suffixes } = options.objective;
  const texts = textsOf(batch.tokens);
  const perClass = suffixes.map((suffix) => {
    const suffixed = suffixBatch(
      texts,
      texts.map(() => suffix),
      options.transformer.config.padTokenId,
    );
    return suffixLosses(values, suffixed, options);
  });
  const classLogits = tf.neg(tf.stack(perClass, 1) as tf.Tensor2D); // (B, C)
  return { classLogits, losses: tf.neg(tf.sum<tf.Tensor1D>(tf.mul(classLogits, oneHot(batch.labels, suffixes.length)), 1)) };
}

type PooledObjective = Exclude<Objective, { head: "suffix" | "answer" }>;

/** What the pooled rows (B, H) answer. */
interface Scored {
  /** Σ share · loss, with the gradient of the rows, which more may follow, and of a trained head. */
  lossAndGradient(shares: readonly number[]): { loss: tf.Scalar; dRows: tf.Tensor2D; head: TunedValues };
  /** Of each example (B). */
  losses(): tf.Tensor1D;
  /** (B, C). */
  classLogits(): tf.Tensor2D;
}

function run(
  values: TunedValues,
  batch: LabelledBatch,
  options: ObjectiveOptions & { readonly objective: PooledObjective; readonly hasGradient: boolean },
): { pass: TunedPass; pooling: Pooling; scored: Scored } {
  const { transformer, tuner, objective, hasGradient } = options;
  const pass = tuner.forward(values, batch.tokens, options);
  const pooling = objective.head === "linear" ? meanPooling(batch, pass) : maskPooling(batch, pass);
  const pooled = pooling.forward(pass.last);
  if (objective.head === "linear") return { pass, pooling, scored: scoreLinear(pooled, values, batch.labels) };
  const score = objective.lossOver === "vocabulary" ? scoreVocabulary : scoreWords;
  return { pass, pooling, scored: score(transformer, pooled, batch.labels, { ...objective, hasGradient }) };
}

function scoreLinear(pooled: tf.Tensor2D, values: TunedValues, labels: readonly number[]): Scored {
  const weight = values["head/weight"] as tf.Tensor2D | undefined;
  const bias = values["head/bias"];
  if (weight === undefined || bias === undefined) throw new Error("the linear head needs the parameters head/weight and head/bias");
  const logits = smallProduct(pooled, labels.length, weight, { turnsB: true, bias: bias as tf.Tensor1D });
  return scoreClasses(logits, labels, (dLogits) => ({
    dRows: smallProduct(dLogits, labels.length, weight),
    head: {
      "head/weight": smallProduct(dLogits, labels.length, pooled, { turnsA: true }),
      "head/bias": sumRows(dLogits, labels.length),
    },
  }));
}

interface WordOptions {
  readonly words: readonly number[];
  readonly hasGradient: boolean;
}

function scoreWords({ head }: Transformer, pooled: tf.Tensor2D, labels: readonly number[], { words, hasGradient }: WordOptions): Scored {
  const pass = head.forward(pooled, words, hasGradient);
  return scoreClasses(pass.logits, labels, (dLogits) => ({ dRows: head.backward(dLogits, pass), head: {} }));
}

/** The label words against the whole vocabulary. */
function scoreVocabulary(transformer: Transformer, pooled: tf.Tensor2D, labels: readonly number[], { words }: WordOptions): Scored {
  const targets = labels.map((label) => words[label]);
  return {
    lossAndGradient: (shares) => ({ ...vocabularyLossAndGradient(transformer, pooled, { targets, shares }), head: {} }),
    losses: () => vocabularyLosses(transformer, pooled, targets),
    classLogits: () => transformer.head.forward(pooled, words, false).logits,
  };
}

/** Logits (B, C) whose columns are the classes. `backward` takes their gradient, which more rows may follow. */
function scoreClasses(
  logits: tf.Tensor2D,
  labels: readonly number[],
  backward: (dLogits: tf.Tensor2D) => { dRows: tf.Tensor2D; head: TunedValues },
): Scored {
  return {
    lossAndGradient(shares) {
      const { loss, dLogits } = crossEntropy(logits, labels, shares);
      return { loss, ...backward(dLogits) };
    },
    losses: () => tf.neg(tf.sum<tf.Tensor1D>(tf.mul(tf.logSoftmax(logits), oneHot(labels, logits.shape[1])), 1)),
    classLogits: () => logits,
  };
}

/** How each text's states (numRows, H) become one row (B, H), and the gradient of that. */
interface Pooling {
  forward(states: tf.Tensor2D): tf.Tensor2D;
  backward(dPooled: tf.Tensor2D): tf.Tensor2D;
}

/** The state at each text's mask. */
function maskPooling({ maskPositions }: LabelledBatch, { numRows, rowOf }: TunedPass): Pooling {
  const rows = maskPositions.map((position, i) => {
    if (position === null) throw new Error("a label word is read at the mask, but the text has none");
    return rowOf(i, position);
  });
  return { forward: (states) => pickRows(states, rows), backward: (dPooled) => placeRows(dPooled, rows, numRows) };
}

/** The mean over each text's tokens. */
function meanPooling({ tokens: { lengths } }: LabelledBatch, { numRows, rowOf }: TunedPass): Pooling {
  const texts = { starts: lengths.map((_, i) => rowOf(i, 0)), lengths };
  return {
    forward: (states) => meanRows(states, texts),
    backward: (dPooled) => meanRowsGradient(dPooled, texts, numRows),
  };
}
