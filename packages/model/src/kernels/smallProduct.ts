import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "./fusedKernels.ts";
import { firstRows } from "./linear.ts";

/** Which factors are turned first, and what is added to every row. */
interface SmallProductOptions {
  readonly turnsA?: boolean;
  readonly turnsB?: boolean;
  readonly bias?: tf.Tensor1D;
}

/**
 * A · B + bias where one side is as small as the examples of a batch or the classes of a task. Behind A's first `numRows` rows more may follow.
 * Its program depends on no size, so that a smaller batch compiles nothing.
 */
export function smallProduct(a: tf.Tensor2D, numRows: number, b: tf.Tensor2D, options: SmallProductOptions = {}): tf.Tensor2D {
  const { turnsA = false, turnsB = false, bias } = options;
  if (!hasFused("TuttiSmallProduct")) {
    const product: tf.Tensor2D = tf.matMul(firstRows(a, numRows), b, turnsA, turnsB);
    return bias === undefined ? product : tf.add(product, bias);
  }
  const [numOut, numInner] = turnsA ? [a.shape[1], numRows] : [numRows, a.shape[1]];
  const attributes = { numOut, numInner, numColumns: b.shape[turnsB ? 0 : 1], turnsA, turnsB };
  return runFused("TuttiSmallProduct", bias === undefined ? { a, b } : { a, b, bias }, attributes)[0] as tf.Tensor2D;
}

/** The sum of a's first rows (numRows, columns) → (columns). */
export function sumRows(a: tf.Tensor2D, numRows: number): tf.Tensor1D {
  if (!hasFused("TuttiSmallProduct")) return tf.sum(firstRows(a, numRows), 0);
  const ones = tf.tensor2d(new Float32Array(numRows).fill(1), [1, numRows]);
  return tf.reshape(smallProduct(ones, 1, a), [a.shape[1]]);
}
