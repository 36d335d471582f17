import * as tf from "@tensorflow/tfjs-core";
import { type TokenBatch, tokenBatch } from "../backbone/batch.ts";
import type { Transformer } from "../backbone/transformer.ts";
import { crossEntropy } from "../kernels/crossEntropy.ts";
import { meanRows } from "../kernels/meanRows.ts";
import { oneHot, pickRows, placeRows } from "../kernels/rows.ts";
import type { InputDraws, TunedValues, Tuner } from "../tuning/tuner.ts";

/** Texts, each with a suffix whose tokens are predicted. */
interface SuffixBatch {
  readonly tokens: TokenBatch;
  /** Token of its text from which each suffix token is predicted. */
  readonly places: readonly number[];
  readonly targets: readonly number[];
  /** Share of each token in its text's mean. */
  readonly weights: readonly number[];
  /** Text that each token belongs to. */
  readonly owners: readonly number[];
}

/** Puts `suffixes[i]` behind text i. */
export function suffixBatch(
  texts: readonly (readonly number[])[],
  suffixes: readonly (readonly number[])[],
  padTokenId: number,
): SuffixBatch {
  const whole = texts.map((text, i) => [...text, ...suffixes[i]]);
  const tokens = { ...tokenBatch(whole, padTokenId), contextLengths: texts.map(({ length }) => length) };
  const each = suffixes.flatMap((suffix, owner) =>
    suffix.map((target, t) => ({ owner, target, place: texts[owner].length - 1 + t, weight: 1 / suffix.length })),
  );
  return {
    tokens,
    places: each.map(({ place }) => place),
    targets: each.map(({ target }) => target),
    weights: each.map(({ weight }) => weight),
    owners: each.map(({ owner }) => owner),
  };
}

interface SuffixOptions {
  readonly transformer: Transformer;
  readonly tuner: Tuner;
  readonly positionsAfterPrefix: boolean;
  readonly inputDraws?: InputDraws | undefined;
}

/** The mean token loss of every text's suffix (B). Call within `tf.tidy`. */
export function suffixLosses(values: TunedValues, batch: SuffixBatch, options: SuffixOptions): tf.Tensor1D {
  const { logits } = suffixLogits(values, batch, { ...options, hasGradient: false });
  const losses = tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), oneHot(batch.targets, logits.shape[1])), 1));
  return tf.reshape(meanRows(tf.reshape<tf.Rank.R2>(losses, [-1, 1]), suffixRows(batch)), [batch.tokens.lengths.length]);
}

/** The mean over the texts of their suffixes' mean token loss, and its gradient. Call within `tf.tidy`. */
export function suffixLossAndGradient(
  values: TunedValues,
  batch: SuffixBatch,
  options: SuffixOptions,
): { loss: tf.Scalar; gradient: TunedValues } {
  const { logits, pass, rows, headPass } = suffixLogits(values, batch, { ...options, hasGradient: true });
  const numTexts = batch.tokens.lengths.length;
  const shares = batch.weights.map((weight) => weight / numTexts);
  const { loss, dLogits } = crossEntropy(logits, batch.targets, shares);
  const dStates = placeRows(options.transformer.head.backward(dLogits, headPass), rows, pass.numRows);
  return { loss, gradient: pass.backward(dStates) };
}

/** Logits (S, V) at the rows from which the suffix tokens are predicted. */
function suffixLogits(
  values: TunedValues,
  { tokens, owners, places }: SuffixBatch,
  options: SuffixOptions & { readonly hasGradient: boolean },
) {
  const pass = options.tuner.forward(values, tokens, options);
  const rows = places.map((place, i) => pass.rowOf(owners[i], place));
  const headPass = options.transformer.head.forward(pickRows(pass.last, rows), null, options.hasGradient);
  return { logits: headPass.logits, pass, rows, headPass };
}

/** Where each text's suffix tokens are among those of all texts. */
function suffixRows({ owners, tokens }: SuffixBatch): { starts: number[]; lengths: number[] } {
  const texts = tokens.lengths.map((_, text) => text);
  return {
    starts: texts.map((text) => owners.indexOf(text)),
    lengths: texts.map((text) => owners.lastIndexOf(text) - owners.indexOf(text) + 1),
  };
}
