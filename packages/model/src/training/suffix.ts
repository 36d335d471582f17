import * as tf from "@tensorflow/tfjs";
import { padBatch, type TokenBatch } from "../backbone/batch.ts";
import type { Transformer } from "../backbone/transformer.ts";
import type { TunedTensors } from "../tuning/prefix.ts";

/** Texts, each with a suffix whose tokens are predicted. */
export interface SuffixBatch {
  readonly tokens: TokenBatch;
  /** Row of (B·T) from which each suffix token is predicted. */
  readonly rows: readonly number[];
  readonly targets: readonly number[];
  /** Share of each token in its text's mean. */
  readonly weights: readonly number[];
  /** Text that each token belongs to. */
  readonly owners: readonly number[];
}

/** Puts `suffixes[i]` behind text i, padded to the longest rounded up to a multiple of 8. */
export function suffixBatch(
  texts: readonly (readonly number[])[],
  suffixes: readonly (readonly number[])[],
  padTokenId: number,
): SuffixBatch {
  const tokens = padBatch(
    texts.map((text, i) => [...text, ...suffixes[i]]),
    padTokenId,
  );
  const each = suffixes.flatMap((suffix, owner) =>
    suffix.map((target, t) => ({ owner, target, row: owner * tokens.numTokens + texts[owner].length - 1 + t, weight: 1 / suffix.length })),
  );
  return {
    tokens,
    rows: each.map(({ row }) => row),
    targets: each.map(({ target }) => target),
    weights: each.map(({ weight }) => weight),
    owners: each.map(({ owner }) => owner),
  };
}

interface SuffixOptions {
  readonly positionsAfterPrefix: boolean;
}

/** The mean token loss of every text's suffix (B). Null prefixes mean the bare backbone. Call within `tf.tidy`. */
export function suffixLosses(
  transformer: Transformer,
  prefixes: readonly tf.Tensor3D[] | null,
  batch: SuffixBatch,
  options: SuffixOptions,
): tf.Tensor1D {
  const { losses } = tokenLosses(transformer, prefixes, batch, { ...options, hasGradient: false });
  return tf.reshape(tf.matMul(ownersOf(batch), tf.reshape(losses, [-1, 1])), [batch.tokens.lengths.length]);
}

/** The mean over the texts of their suffixes' mean token loss, and its gradient with respect to the prefixes. Call within `tf.tidy`. */
export function suffixLossAndGradient(
  transformer: Transformer,
  { prefixes }: TunedTensors,
  batch: SuffixBatch,
  options: SuffixOptions,
): { loss: tf.Scalar; gradient: TunedTensors } {
  const { losses, logProbabilities, targets, pool, pass, headPass } = tokenLosses(transformer, prefixes, batch, {
    ...options,
    hasGradient: true,
  });
  const numTexts = batch.tokens.lengths.length;
  const weights = tf.tensor1d(batch.weights.map((weight) => weight / numTexts));
  const dLogits = tf.mul<tf.Tensor2D>(tf.sub(tf.exp(logProbabilities), targets), tf.reshape(weights, [-1, 1]));
  const dRows = transformer.head.backward(dLogits, headPass);
  return {
    loss: tf.sum<tf.Scalar>(tf.mul(losses, weights)),
    gradient: { prefixes: transformer.backward(tf.matMul(pool, dRows, true, false), pass), head: null },
  };
}

function tokenLosses(
  transformer: Transformer,
  prefixes: readonly tf.Tensor3D[] | null,
  batch: SuffixBatch,
  { positionsAfterPrefix, hasGradient }: SuffixOptions & { readonly hasGradient: boolean },
) {
  const firstPosition = positionsAfterPrefix ? (prefixes?.[0]?.shape[1] ?? 0) : 0;
  const pass = transformer.forward(batch.tokens, { prefixes, firstPosition, hasGradient });
  const pool = oneHotRows(batch.rows, batch.tokens.ids.length); // (S, B·T)
  const headPass = transformer.head.forward(tf.matMul<tf.Tensor2D>(pool, pass.last), null, hasGradient);
  const logProbabilities = tf.logSoftmax(headPass.logits);
  const targets = oneHotRows(batch.targets, headPass.logits.shape[1]); // (S, V)
  const losses = tf.neg(tf.sum<tf.Tensor1D>(tf.mul(logProbabilities, targets), 1));
  return { losses, logProbabilities, targets, pool, pass, headPass };
}

/** (B, S): the tokens' shares in each text's mean. */
function ownersOf({ owners, weights, tokens }: SuffixBatch): tf.Tensor2D {
  const values = new Float32Array(tokens.lengths.length * owners.length);
  owners.forEach((owner, i) => {
    values[owner * owners.length + i] = weights[i];
  });
  return tf.tensor2d(values, [tokens.lengths.length, owners.length]);
}

function oneHotRows(columns: readonly number[], numColumns: number): tf.Tensor2D {
  const values = new Float32Array(columns.length * numColumns);
  columns.forEach((column, row) => {
    values[row * numColumns + column] = 1;
  });
  return tf.tensor2d(values, [columns.length, numColumns]);
}
