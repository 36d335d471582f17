import * as tf from "@tensorflow/tfjs-core";
import type { Attended, AttentionGradient, AttentionShape, Visibility } from "./attentionShape.ts";

/** Attention in operations that every backend has, text by text, so that a text's bits do not hang on its neighbours. */
export function plainAttend(qkv: tf.Tensor2D, prefix: tf.Tensor3D | null, masks: Visibility["masks"], shape: AttentionShape): Attended {
  const own = prefix === null ? null : prefixHeads(prefix, shape);
  const texts = shape.lengths.map((length, text) => {
    const { q, k, v } = splitHeads(rowsOfText(qkv, shape, text), own, shape);
    const scores = tf.reshape<tf.Rank.R3>(product(q, k, { transposeB: true }), [shape.numHeads, length, k.shape[1]]);
    const mask = masks[text];
    const weights = tf.softmax<tf.Tensor3D>(mask === null ? scores : tf.add<tf.Tensor3D>(scores, mask));
    return { y: mergeHeads(product(grouped(weights, shape), v), shape.numHeads, shape), weights };
  });
  return { y: endToEnd(texts.map(({ y }) => y)), qkv, weights: texts.map(({ weights }) => weights), prefix };
}

/** Gradients of `plainAttend`; without `hasInputGradient` only the prefix's, as the lowest layer needs. */
export function plainAttendGradient(
  dy: tf.Tensor2D,
  { qkv, prefix, weights }: Attended,
  shape: AttentionShape,
  hasInputGradient: boolean,
): AttentionGradient {
  if (weights.length !== shape.lengths.length) {
    throw new Error(`attention gradient: the weights of ${shape.lengths.length} texts were expected, found ${weights.length}`);
  }
  const own = prefix === null ? null : prefixHeads(prefix, shape);
  const texts = shape.lengths.map((_, text) => {
    const heads = splitHeads(rowsOfText(qkv, shape, text), own, shape);
    const d = grouped(toHeads(rowsOfText(dy, shape, text), shape.numHeads, shape), shape);
    return textGradient(d, { ...heads, weights: grouped(weights[text] as tf.Tensor3D, shape) }, shape, hasInputGradient);
  });
  const dPrefix = prefix === null ? null : tf.addN(texts.map(({ dk, dv }) => prefixPart(dk, dv, prefix.shape)));
  return { dQkv: hasInputGradient ? endToEnd(texts.map(({ dQkv }) => dQkv as tf.Tensor2D)) : null, dPrefix };
}

/** Of one text: d (kv, group · T, d) → the gradients of keys and values with the prefix's, (kv, P + T, d), and of the text's rows. */
function textGradient(
  d: tf.Tensor3D,
  { q, k, v, weights }: Heads & { readonly weights: tf.Tensor3D },
  shape: AttentionShape,
  hasInputGradient: boolean,
) {
  const dWeights = tf.mul<tf.Tensor3D>(weights, product(d, v, { transposeB: true }));
  const dScores = tf.sub<tf.Tensor3D>(dWeights, tf.mul(weights, tf.sum(dWeights, 2, true)));
  const dk = product(dScores, q, { transposeA: true });
  const dv = product(weights, d, { transposeA: true });
  if (!hasInputGradient) return { dk, dv, dQkv: null };
  const kv = shape.numKeyValueHeads;
  const numTokens = q.shape[1] / (shape.numHeads / kv);
  const tokens = (x: tf.Tensor3D) => mergeHeads(tf.slice3d(x, [0, k.shape[1] - numTokens, 0], [kv, numTokens, shape.headSize]), kv, shape);
  const dq = mergeHeads(product(dScores, k), shape.numHeads, shape);
  return { dk, dv, dQkv: tf.concat2d([dq, tokens(dk), tokens(dv)], 1) };
}

/** Of one text: q (kv, group · T, d); k and v (kv, P + T, d) with the prefix in front. */
interface Heads {
  readonly q: tf.Tensor3D;
  readonly k: tf.Tensor3D;
  readonly v: tf.Tensor3D;
}

/** The rows of one text, (length, H + 2W), as heads. */
function splitHeads(qkv: tf.Tensor2D, prefix: Pick<Heads, "k" | "v"> | null, shape: AttentionShape): Heads {
  const { numHeads, numKeyValueHeads: kv, headSize } = shape;
  const [h, w] = [numHeads * headSize, kv * headSize];
  const columns = (start: number, width: number) => tf.slice2d(qkv, [0, start], [qkv.shape[0], width]);
  const [k, v] = [toHeads(columns(h, w), kv, shape), toHeads(columns(h + w, w), kv, shape)];
  const q = grouped(toHeads(columns(0, h), numHeads, shape), shape);
  return prefix === null ? { q, k, v } : { q, k: tf.concat3d([prefix.k, k], 1), v: tf.concat3d([prefix.v, v], 1) };
}

/** (2, P, W) → keys and values of every head, each (kv, P, d). */
function prefixHeads(prefix: tf.Tensor3D, shape: AttentionShape): Pick<Heads, "k" | "v"> {
  const [, numPrefix, width] = prefix.shape;
  const heads = (which: 0 | 1) => {
    const part = tf.reshape<tf.Rank.R2>(tf.slice3d(prefix, [which, 0, 0], [1, numPrefix, width]), [numPrefix, width]);
    return toHeads(part, shape.numKeyValueHeads, shape);
  };
  return { k: heads(0), v: heads(1) };
}

function product(a: tf.Tensor3D, b: tf.Tensor3D, turned: { transposeA?: boolean; transposeB?: boolean } = {}): tf.Tensor3D {
  return tf.matMul<tf.Tensor3D>(a, b, turned.transposeA ?? false, turned.transposeB ?? false);
}

function rowsOfText(x: tf.Tensor2D, { lengths }: AttentionShape, text: number): tf.Tensor2D {
  const start = lengths.slice(0, text).reduce((sum, length) => sum + length, 0);
  return tf.slice2d(x, [start, 0], [lengths[text], x.shape[1]]);
}

function endToEnd(texts: tf.Tensor2D[]): tf.Tensor2D {
  return texts.length === 1 ? texts[0] : tf.concat2d(texts, 0);
}

/** (T, heads · d) → (heads, T, d). */
function toHeads(x: tf.Tensor2D, heads: number, { headSize }: AttentionShape): tf.Tensor3D {
  return tf.transpose<tf.Tensor3D>(tf.reshape<tf.Rank.R3>(x, [x.shape[0], heads, headSize]), [1, 0, 2]);
}

/** (heads, T, …) → (kv, group · T, …): the query heads that share a key head side by side. */
function grouped(x: tf.Tensor3D, { numKeyValueHeads: kv }: AttentionShape): tf.Tensor3D {
  return tf.reshape<tf.Rank.R3>(x, [kv, (x.shape[0] / kv) * x.shape[1], x.shape[2]]);
}

/** (kv, group · T, d) → (T, heads · d). */
function mergeHeads(x: tf.Tensor3D, heads: number, { headSize }: AttentionShape): tf.Tensor2D {
  const numTokens = x.size / (heads * headSize);
  const split = tf.reshape<tf.Rank.R3>(x, [heads, numTokens, headSize]);
  return tf.reshape<tf.Rank.R2>(tf.transpose(split, [1, 0, 2]), [numTokens, heads * headSize]);
}

/** The prefix's rows of two (kv, P + T, d): (2, P, W). */
function prefixPart(dk: tf.Tensor3D, dv: tf.Tensor3D, [, numPrefix, width]: [number, number, number]): tf.Tensor3D {
  const rows = (x: tf.Tensor3D) => {
    const part = tf.slice3d(x, [0, 0, 0], [x.shape[0], numPrefix, x.shape[2]]);
    return tf.reshape<tf.Rank.R2>(tf.transpose(part, [1, 0, 2]), [numPrefix, width]);
  };
  return tf.stack([rows(dk), rows(dv)]) as tf.Tensor3D;
}
