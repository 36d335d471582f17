import * as tf from "@tensorflow/tfjs-core";
import { type TokenBatch, textsOf, tokenBatch } from "../backbone/batch.ts";
import type { HeadPass } from "../backbone/languageHead.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { crossEntropy } from "../kernels/crossEntropy.ts";
import { meanRows, meanRowsGradient } from "../kernels/meanRows.ts";
import { oneHot, pickRows, placeRows } from "../kernels/rows.ts";
import { smallProduct, sumRows } from "../kernels/smallProduct.ts";
import { createBareTuner } from "../tuning/prefix.ts";
import type { InputDraws, TunedPass, TunedValues, Tuner } from "../tuning/tuner.ts";
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

/** Texts with what the objective needs of each: its class, and where its mask is (null without one). */
export interface LabelledBatch {
  readonly tokens: TokenBatch;
  readonly labels: readonly number[];
  readonly maskPositions: readonly (number | null)[];
}

/** Examples end to end. */
export function labelledBatch(examples: readonly EncodedExample[], padTokenId: number): LabelledBatch {
  return {
    tokens: tokenBatch(
      examples.map((example) => example.ids),
      padTokenId,
    ),
    labels: examples.map((example) => example.label),
    maskPositions: examples.map((example) => example.maskPosition),
  };
}

/** How the trained parameters meet the backbone. */
export interface ObjectiveOptions {
  readonly transformer: Transformer;
  readonly tuner: Tuner;
  readonly objective: Objective;
  readonly positionsAfterPrefix: boolean;
  /** Of a training step; see `TunerOptions`. */
  readonly inputDraws?: InputDraws | undefined;
}

/** Mean cross-entropy of a batch and its gradient with respect to everything trained. Call within `tf.tidy`. */
export function lossAndGradient(
  values: TunedValues,
  batch: LabelledBatch,
  options: ObjectiveOptions,
): { loss: tf.Scalar; gradient: TunedValues } {
  const { transformer, objective } = options;
  if (objective.head === "suffix") {
    const right = batch.labels.map((label) => objective.suffixes[label]);
    const suffixed = suffixBatch(textsOf(batch.tokens), right, transformer.config.padTokenId);
    return suffixLossAndGradient(values, suffixed, options);
  }
  const { pass, pooling, scored } = run(values, batch, { ...options, objective, hasGradient: true });
  const { loss, dLogits } = crossEntropy(scored.logits, scored.targets, equalShares(batch.labels.length));
  const { dRows, head } = scored.backward(dLogits);
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
  const tuner = values === null ? createBareTuner(transformer) : options.tuner;
  if (objective.head === "suffix") return predictBySuffix(values ?? {}, batch, { ...options, tuner, objective });
  const { scored, pooled } = run(values ?? {}, batch, { ...options, tuner, objective, hasGradient: false });
  const losses = tf.neg(tf.sum<tf.Tensor1D>(tf.mul(tf.logSoftmax(scored.logits), oneHot(scored.targets, scored.logits.shape[1])), 1));
  const overVocabulary = objective.head === "labelWords" && objective.lossOver === "vocabulary";
  return { classLogits: overVocabulary ? transformer.head.forward(pooled, objective.words, false).logits : scored.logits, losses };
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

type PooledObjective = Exclude<Objective, { head: "suffix" }>;

interface Scored {
  readonly logits: tf.Tensor2D;
  /** Column of each example's right answer. */
  readonly targets: readonly number[];
  /** d logits (B, columns), which more rows may follow. */
  backward(dLogits: tf.Tensor2D): { dRows: tf.Tensor2D; head: TunedValues };
}

function run(
  values: TunedValues,
  batch: LabelledBatch,
  options: ObjectiveOptions & { readonly objective: PooledObjective; readonly hasGradient: boolean },
): { pass: TunedPass; pooling: Pooling; pooled: tf.Tensor2D; scored: Scored } {
  const { transformer, tuner, objective, hasGradient } = options;
  const pass = tuner.forward(values, batch.tokens, options);
  const pooling = objective.head === "linear" ? meanPooling(batch, pass) : maskPooling(batch, pass);
  const pooled = pooling.forward(pass.last);
  const scored =
    objective.head === "linear"
      ? scoreLinear(pooled, values, batch.labels)
      : scoreWords(transformer, pooled, batch.labels, { ...objective, hasGradient });
  return { pass, pooling, pooled, scored };
}

function scoreLinear(pooled: tf.Tensor2D, values: TunedValues, labels: readonly number[]): Scored {
  const weight = values["head/weight"] as tf.Tensor2D | undefined;
  const bias = values["head/bias"];
  if (weight === undefined || bias === undefined) throw new Error("the linear head needs the parameters head/weight and head/bias");
  return {
    logits: smallProduct(pooled, labels.length, weight, { turnsB: true, bias: bias as tf.Tensor1D }),
    targets: labels,
    backward: (dLogits) => ({
      dRows: smallProduct(dLogits, labels.length, weight),
      head: {
        "head/weight": smallProduct(dLogits, labels.length, pooled, { turnsA: true }),
        "head/bias": sumRows(dLogits, labels.length),
      },
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
    backward: (dLogits) => ({ dRows: transformer.head.backward(dLogits, pass), head: {} }),
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
