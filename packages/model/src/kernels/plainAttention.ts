import * as tf from "@tensorflow/tfjs-core";
import type { Attended, AttentionGradient, AttentionShape } from "./attentionShape.ts";

/**
 * Attention in operations that every backend has. `mask` is what `attentionMask` made, null when nothing is hidden.
 */
export function plainAttend(qkv: tf.Tensor2D, prefix: tf.Tensor3D | null, mask: tf.Tensor4D | null, shape: AttentionShape): Attended {
  const { q, k, v } = splitHeads(qkv, prefix, shape);
  const [batch, kv, grouped] = q.shape;
  const numKeys = k.shape[2];
  const scores = tf.reshape<tf.Rank.R4>(product(q, k, { transposeB: true }), [batch, shape.numHeads, shape.numTokens, numKeys]);
  const weights = tf.softmax<tf.Tensor4D>(mask === null ? scores : tf.add<tf.Tensor4D>(scores, mask));
  const mixed = product(tf.reshape<tf.Rank.R4>(weights, [batch, kv, grouped, numKeys]), v);
  return { y: mergeHeads(mixed, shape.numHeads, shape), qkv, weights, prefix };
}

/** Gradients of `plainAttend`; without `hasInputGradient` only the prefix's, as the lowest layer needs. */
export function plainAttendGradient(
  dy: tf.Tensor2D,
  attended: Attended,
  shape: AttentionShape,
  hasInputGradient: boolean,
): AttentionGradient {
  const { q, k, v } = splitHeads(attended.qkv, attended.prefix, shape);
  const [batch, kv, grouped, size] = q.shape;
  const numKeys = k.shape[2];
  const numPrefix = numKeys - shape.numTokens;
  const d = tf.reshape<tf.Rank.R4>(toHeads(dy, shape.numHeads, shape), q.shape);
  if (attended.weights === null) throw new Error("attention gradient: the weights of the pass were expected, and were not kept");
  const weights = tf.reshape<tf.Rank.R4>(attended.weights, [batch, kv, grouped, numKeys]);
  const dWeights = tf.mul<tf.Tensor4D>(weights, product(d, v, { transposeB: true }));
  const dScores = tf.sub<tf.Tensor4D>(dWeights, tf.mul(weights, tf.sum(dWeights, 3, true)));
  const dk = product(dScores, q, { transposeA: true }); // (B, kv, P + T, d)
  const dv = product(weights, d, { transposeA: true });
  const dPrefix = numPrefix === 0 ? null : (tf.stack([prefixPart(dk, numPrefix), prefixPart(dv, numPrefix)]) as tf.Tensor3D);
  if (!hasInputGradient) return { dQkv: null, dPrefix };
  const tokens = (t: tf.Tensor4D) => tf.slice4d(t, [0, 0, numPrefix, 0], [batch, kv, shape.numTokens, size]);
  const dq = mergeHeads(product(dScores, k), shape.numHeads, shape);
  return { dQkv: tf.concat2d([dq, mergeHeads(tokens(dk), kv, shape), mergeHeads(tokens(dv), kv, shape)], 1), dPrefix };
}

/** q (B, kv, group · T, d); k and v (B, kv, P + T, d) with the prefix in front. */
function splitHeads(qkv: tf.Tensor2D, prefix: tf.Tensor3D | null, shape: AttentionShape) {
  const { numHeads, numKeyValueHeads: kv, headSize } = shape;
  const [h, w] = [numHeads * headSize, kv * headSize];
  const rows = qkv.shape[0];
  const batch = shape.lengths.length;
  const grouped = (numHeads / kv) * shape.numTokens;
  const q = tf.reshape<tf.Rank.R4>(toHeads(tf.slice2d(qkv, [0, 0], [rows, h]), numHeads, shape), [batch, kv, grouped, headSize]);
  const sequence = (which: 0 | 1): tf.Tensor4D => {
    const tokens = toHeads(tf.slice2d(qkv, [0, h + which * w], [rows, w]), kv, shape);
    if (prefix === null) return tokens;
    const numPrefix = prefix.shape[1];
    const part = tf.reshape<tf.Rank.R4>(tf.slice3d(prefix, [which, 0, 0], [1, numPrefix, w]), [1, numPrefix, kv, headSize]);
    return tf.concat4d([tf.tile(tf.transpose<tf.Tensor4D>(part, [0, 2, 1, 3]), [batch, 1, 1, 1]), tokens], 2);
  };
  return { q, k: sequence(0), v: sequence(1) };
}

function product(a: tf.Tensor4D, b: tf.Tensor4D, turned: { transposeA?: boolean; transposeB?: boolean } = {}): tf.Tensor4D {
  return tf.matMul<tf.Tensor4D>(a, b, turned.transposeA ?? false, turned.transposeB ?? false);
}

/** (B·T, heads · d) → (B, heads, T, d). */
function toHeads(x: tf.Tensor2D, heads: number, shape: AttentionShape): tf.Tensor4D {
  const split = tf.reshape<tf.Rank.R4>(x, [shape.lengths.length, shape.numTokens, heads, shape.headSize]);
  return tf.transpose<tf.Tensor4D>(split, [0, 2, 1, 3]);
}

/** (B, kv, group · T, d) → (B·T, heads · d). */
function mergeHeads(x: tf.Tensor4D, heads: number, shape: AttentionShape): tf.Tensor2D {
  const batch = shape.lengths.length;
  const split = tf.reshape<tf.Rank.R4>(x, [batch, heads, shape.numTokens, shape.headSize]);
  return tf.reshape<tf.Rank.R2>(tf.transpose(split, [0, 2, 1, 3]), [batch * shape.numTokens, heads * shape.headSize]);
}

/** (B, kv, P + T, d) → the first P rows summed over the batch, (P, W). */
function prefixPart(x: tf.Tensor4D, numPrefix: number): tf.Tensor2D {
  const [batch, kv, , size] = x.shape;
  const summed = tf.sum<tf.Tensor3D>(tf.slice4d(x, [0, 0, 0, 0], [batch, kv, numPrefix, size]), 0);
  return tf.reshape<tf.Rank.R2>(tf.transpose(summed, [1, 0, 2]), [numPrefix, kv * size]);
}
