import * as tf from "@tensorflow/tfjs-core";
import { loraPairs, prunedRank, tunedShape } from "@tutti/core";
import type { TunedLayout } from "../tuning/layout.ts";

/** The last components of every low-rank difference, on the backend: (pairs, N) each, 1 where a value belongs to the tail of that pair's factor. */
export interface Tails {
  readonly ofB: tf.Tensor2D;
  readonly ofA: tf.Tensor2D;
  /** λ. */
  readonly penalty: number;
}

/** Below any norm that matters; 0 times the quotient by it is 0. */
const smallestNorm = 1e-12;

/** The components of each pair that are left out where its rank is pruned to γ of it; null where none are. The caller disposes both tensors. */
export function uploadTails(
  layout: TunedLayout,
  { pruneTo, penalty }: { readonly pruneTo: number; readonly penalty: number },
): Tails | null {
  const pairs = loraPairs(tunedShape(layout.entries));
  const [b, a] = [new Float32Array(pairs.length * layout.numValues), new Float32Array(pairs.length * layout.numValues)];
  for (const [p, pair] of pairs.entries()) {
    markTail(b.subarray(p * layout.numValues), layout, { name: pair.b, axis: 1, pruneTo });
    markTail(a.subarray(p * layout.numValues), layout, { name: pair.a, axis: 0, pruneTo });
  }
  if (!b.includes(1)) return null;
  const shape: [number, number] = [pairs.length, layout.numValues];
  return { ofB: tf.tensor2d(b, shape), ofA: tf.tensor2d(a, shape), penalty };
}

interface Factor {
  readonly name: string;
  /** Of its components. */
  readonly axis: 0 | 1;
  readonly pruneTo: number;
}

/** Puts 1 where the factor's last components are. */
function markTail(members: Float32Array, { entries }: TunedLayout, { name, axis, pruneTo }: Factor): void {
  const entry = entries.find((one) => one.name === name);
  if (entry === undefined) return;
  const { start, shape, numValues } = entry;
  const kept = prunedRank(shape[axis], pruneTo);
  for (let i = 0; i < numValues; i++) {
    const component = axis === 1 ? i % shape[1] : Math.floor(i / shape[1]);
    if (component >= kept) members[start + i] = 1;
  }
}

/**
 * The gradient (N) of λ Σ ‖b_tail‖ ‖a_tail‖ over the pairs (Cho et al., https://arxiv.org/abs/2401.06432): λ ‖a_tail‖ / ‖b_tail‖ · b at a tail's value of
 * b, and likewise of a; 0 where both are. `values` begins with the trained ones.
 */
export function tailGradient({ ofB, ofA, penalty }: Tails, values: tf.Tensor1D): tf.Tensor1D {
  const [numPairs, size] = ofB.shape;
  const own = tf.slice1d(values, 0, size);
  const squares = tf.square(own);
  // sums, not a product of matrices: WebGPU's product of so long rows adds in another order each time
  const norm = (members: tf.Tensor2D) => tf.sqrt(tf.sum(tf.mul(members, squares), 1));
  const [b, a] = [norm(ofB), norm(ofA)];
  const pull = (members: tf.Tensor2D, other: tf.Tensor, itself: tf.Tensor) =>
    tf.matMul(tf.reshape<tf.Rank.R2>(tf.div(tf.mul(other, penalty), tf.maximum(itself, smallestNorm)), [1, numPairs]), members); // (1, N)
  return tf.mul(tf.reshape(tf.add(pull(ofB, a, b), pull(ofA, b, a)), [size]), own);
}
