import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "./fusedKernels.ts";
import { oneHot } from "./rows.ts";

/** Σ weightᵢ · −log softmax(logitsᵢ)[targetᵢ], and its gradient. */
interface CrossEntropy {
  readonly loss: tf.Scalar;
  /** (rows, columns), which more rows may follow. */
  readonly dLogits: tf.Tensor2D;
}

/** On WASM our own kernel is used from this many columns on: over a vocabulary it saves nine of the library's ten passes, over a few words there is nothing to save. */
const wholeVocabulary = 1024;

/** Weighted cross-entropy of logits (rows, columns) with one target and one weight per row. */
export function crossEntropy(logits: tf.Tensor2D, targets: readonly number[], weights: readonly number[]): CrossEntropy {
  const [numRows, numColumns] = logits.shape;
  if (!isFusedOver(numColumns)) return plainCrossEntropy(logits, targets, weights);
  if (tf.getBackend() === "wasm") {
    const [dLogits, loss] = runFused("TuttiCrossEntropy", { logits }, { targets: [...targets], weights: [...weights] });
    return { loss: loss as tf.Scalar, dLogits: dLogits as tf.Tensor2D };
  }
  const inputs = { logits, targets: tf.tensor1d([...targets], "int32"), weights: tf.tensor1d([...weights]) };
  const dLogits = runFused("TuttiCrossEntropy", inputs, { numRows })[0] as tf.Tensor2D;
  const loss = runFused("TuttiSumRange", { x: dLogits }, { start: numRows * numColumns, count: numRows })[0] as tf.Scalar;
  return { loss, dLogits };
}

/** Whether the current backend computes the cross-entropy of rows with this many columns in a kernel of ours. */
export function isFusedOver(numColumns: number): boolean {
  if (!hasFused("TuttiCrossEntropy")) return false;
  return tf.getBackend() !== "wasm" || (numColumns >= wholeVocabulary && numColumns % 4 === 0);
}

/** `crossEntropy` in operations that every backend has. */
function plainCrossEntropy(logits: tf.Tensor2D, targets: readonly number[], weights: readonly number[]): CrossEntropy {
  const logProbabilities = tf.logSoftmax(logits);
  const hot = oneHot(targets, logits.shape[1]);
  const shares = tf.tensor2d([...weights], [weights.length, 1]);
  return {
    loss: tf.tidy(() => tf.neg(tf.sum(tf.mul(tf.mul(logProbabilities, hot), shares)))),
    dLogits: tf.tidy(() => tf.mul(tf.sub(tf.exp(logProbabilities), hot), shares)),
  };
}
