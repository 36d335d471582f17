import * as tf from "@tensorflow/tfjs-core";
import { loraPairs, prunedRank, tunedShape } from "@tutti/core";
import type { TunedLayout } from "../tuning/layout.ts";

/** The last components of every low-rank difference, on the backend. */
export interface Tails {
  /** (2 · pairs, N): 1 where a value belongs to the tail of pair p's b (row 2p) or a (row 2p + 1). */
  readonly members: tf.Tensor2D;
  /** λ. */
  readonly penalty: number;
}

/** The components of each pair that are left out where its rank is pruned to γ of it; null where none are. The caller disposes `members`. */
export function uploadTails(
  layout: TunedLayout,
  { pruneTo, penalty }: { readonly pruneTo: number; readonly penalty: number },
): Tails | null {
  const entries = new Map(layout.entries.map((entry) => [entry.name, entry]));
  const pairs = loraPairs(tunedShape(layout.entries));
  const members = new Float32Array(2 * pairs.length * layout.numValues);
  let numMembers = 0;
  for (const [p, pair] of pairs.entries()) {
    for (const [row, name] of [pair.b, pair.a].entries()) {
      const entry = entries.get(name);
      if (entry === undefined) continue;
      const { start, shape, numValues } = entry;
      const rank = shape[row === 0 ? 1 : 0];
      const kept = prunedRank(rank, pruneTo);
      for (let i = 0; i < numValues; i++) {
        const component = row === 0 ? i % rank : Math.floor(i / shape[1]);
        if (component < kept) continue;
        members[(2 * p + row) * layout.numValues + start + i] = 1;
        numMembers += 1;
      }
    }
  }
  return numMembers === 0 ? null : { members: tf.tensor2d(members, [2 * pairs.length, layout.numValues]), penalty };
}

/**
 * The gradient (N) of λ Σ ‖b_tail‖ ‖a_tail‖ over the pairs (Cho et al., https://arxiv.org/abs/2401.06432): λ ‖a_tail‖ / ‖b_tail‖ · b at a tail's value of
 * b, and likewise of a; 0 where a tail is 0. `values` begins with the trained ones.
 */
export function tailGradient({ members, penalty }: Tails, values: tf.Tensor1D): tf.Tensor1D {
  const [numRows, size] = members.shape;
  const own = tf.slice1d(values, 0, size);
  const norms = tf.sqrt(tf.matMul(members, tf.reshape(tf.square(own), [size, 1]))); // (2 · pairs, 1)
  const others = tf.reshape(tf.reverse(tf.reshape(norms, [numRows / 2, 2]), 1), [numRows, 1]);
  const factors = tf.mul(tf.divNoNan(others, norms), penalty);
  return tf.mul(tf.reshape(tf.matMul(tf.transpose(factors), members), [size]), own);
}
