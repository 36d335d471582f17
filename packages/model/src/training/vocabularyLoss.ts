import * as tf from "@tensorflow/tfjs-core";
import type { Transformer } from "../backbone/transformer.ts";
import { freeDisposed } from "../gpu/freeDisposed.ts";
import { crossEntropy, isFusedOver } from "../kernels/crossEntropy.ts";
import { firstRows } from "../kernels/linear.ts";
import { pickRows } from "../kernels/rows.ts";

/** Most bytes that logits over a vocabulary, their gradient and what is computed on the way take at a time. */
export const maxLossBytes = 64 * 2 ** 20;

/** What the rows of a loss are predicted to be. */
export interface TokenTargets {
  /** One per row. */
  readonly targets: readonly number[];
  /** Of each row's loss in the sum. */
  readonly shares: readonly number[];
}

type Headed = Pick<Transformer, "head" | "config">;

/** The most matrices (rows, vocabulary) that are there at a time. */
const planes = {
  /** The logits, their gradient, and a copy of it without what the kernel writes behind it. */
  fusedGradient: 3,
  /** The logits without and with bias, their log-softmax, the targets' matrix, and three on the way to the gradient. */
  plainGradient: 7,
  /** The logits without and with bias, and three of the log-softmax. */
  losses: 5,
} as const;

/**
 * Σ share · −ln softmax(logits)[target] over the vocabulary, and its gradient with respect to the hidden rows (R, H) that the head reads. The
 * rows go through the head in blocks, as many at a time as fit in `maxBytes`: a row's loss and gradient need the whole vocabulary but no
 * other row, so that nothing is computed twice and a block runs the same kernels as all rows at once. Call within `tf.tidy`.
 */
export function vocabularyLossAndGradient(
  { head, config }: Headed,
  rows: tf.Tensor2D,
  { targets, shares }: TokenTargets,
  maxBytes = maxLossBytes,
): { loss: tf.Scalar; dRows: tf.Tensor2D } {
  const numPlanes = isFusedOver(config.vocabSize) ? planes.fusedGradient : planes.plainGradient;
  const parts = inBlocks(rows, rowsPerBlock(numPlanes, config.vocabSize, maxBytes), (block, { start, end }) => {
    const pass = head.forward(block, null, true);
    const { loss, dLogits } = crossEntropy(pass.logits, targets.slice(start, end), shares.slice(start, end));
    return { loss, dRows: firstRows(head.backward(dLogits, pass), end - start) };
  });
  return {
    loss: parts.map(({ loss }) => loss).reduce((sum, loss) => tf.add(sum, loss)),
    dRows: joined(parts.map(({ dRows }) => dRows)),
  };
}

/** The loss of every row (R). In blocks, as above. */
export function vocabularyLosses(headed: Headed, rows: tf.Tensor2D, targets: readonly number[], maxBytes = maxLossBytes): tf.Tensor1D {
  const most = rowsPerBlock(planes.losses, headed.config.vocabSize, maxBytes);
  return tf.concat1d(
    inBlocks(rows, most, (block, { start, end }) => lossesOf(headed.head.forward(block, null, false).logits, targets.slice(start, end))),
  );
}

/** The loss of every row and its likeliest token, of equal ones the first: both (R). In blocks, as above. */
export function vocabularyAnswers(
  headed: Headed,
  rows: tf.Tensor2D,
  targets: readonly number[],
  maxBytes = maxLossBytes,
): { losses: tf.Tensor1D; best: tf.Tensor1D } {
  const parts = inBlocks(rows, rowsPerBlock(planes.losses, headed.config.vocabSize, maxBytes), (block, { start, end }) => {
    const { logits } = headed.head.forward(block, null, false);
    return { best: tf.argMax<tf.Tensor1D>(logits, 1), losses: lossesOf(logits, targets.slice(start, end)) };
  });
  return { losses: tf.concat1d(parts.map(({ losses }) => losses)), best: tf.concat1d(parts.map(({ best }) => best)) };
}

function lossesOf(logits: tf.Tensor2D, targets: readonly number[]): tf.Tensor1D {
  const [numRows, vocabSize] = logits.shape;
  const column = tf.reshape<tf.Rank.R2>(tf.logSoftmax(logits), [numRows * vocabSize, 1]);
  const ofTargets = pickRows(
    column,
    targets.map((target, row) => row * vocabSize + target),
  );
  return tf.neg(tf.reshape<tf.Rank.R1>(ofTargets, [numRows]));
}

function rowsPerBlock(numPlanes: number, vocabSize: number, maxBytes: number): number {
  return Math.max(1, Math.floor(maxBytes / (4 * numPlanes * vocabSize)));
}

interface Block {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** What `compute` makes of blocks of about equal size of at most `mostRows` rows, one after the other; all else is let go between them. */
function inBlocks<T extends tf.TensorContainer>(rows: tf.Tensor2D, mostRows: number, compute: (block: tf.Tensor2D, at: Block) => T): T[] {
  const [numRows, width] = rows.shape;
  const size = Math.ceil(numRows / Math.ceil(numRows / mostRows));
  const numBlocks = Math.ceil(numRows / size);
  return Array.from({ length: numBlocks }, (_, i) => {
    const [start, end] = [i * size, Math.min(numRows, (i + 1) * size)];
    const part = tf.tidy(() => compute(numBlocks === 1 ? rows : tf.slice2d(rows, [start, 0], [end - start, width]), { start, end }));
    if (numBlocks > 1) freeDisposed();
    return part;
  });
}

function joined(parts: readonly tf.Tensor2D[]): tf.Tensor2D {
  return parts.length === 1 ? parts[0] : tf.concat2d([...parts], 0);
}
