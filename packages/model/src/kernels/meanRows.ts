import * as tf from "@tensorflow/tfjs-core";
import type { RowLayout } from "../backbone/batch.ts";
import { hasFused, runFused } from "./fusedKernels.ts";
import { smallProduct } from "./smallProduct.ts";

/** Which rows of a matrix belong to each text. */
type TextRows = Pick<RowLayout, "starts" | "lengths">;

/**
 * The mean of each text's rows: x (rows, width) → (B, width). Each mean is taken alone, so that its bits do not hang on the other texts: a plain product
 * over all rows sums in blocks that begin elsewhere in every batch.
 */
export function meanRows(x: tf.Tensor2D, texts: TextRows): tf.Tensor2D {
  if (hasFused("TuttiSmallProduct")) return smallProduct(sharesOf(texts, x.shape[0]), texts.lengths.length, x); // one sum in the order of the rows
  if (isFusedOnWasm(x)) return runFused("TuttiMeanRows", { x }, placesOf(texts))[0] as tf.Tensor2D;
  const means = texts.lengths.map((length, i) => {
    const rows = tf.slice2d(x, [texts.starts[i], 0], [length, x.shape[1]]);
    return tf.matMul<tf.Tensor2D>(tf.fill<tf.Rank.R2>([1, length], 1 / length), rows);
  });
  return means.length === 1 ? means[0] : tf.concat2d(means, 0);
}

/** The gradient of `meanRows`: d (B, width) → (numRows, width), zero in rows of no text. */
export function meanRowsGradient(d: tf.Tensor2D, texts: TextRows, numRows: number): tf.Tensor2D {
  if (isFusedOnWasm(d)) return runFused("TuttiMeanRowsGradient", { d }, { ...placesOf(texts), numRows })[0] as tf.Tensor2D;
  return smallProduct(sharesOf(texts, numRows), texts.lengths.length, d, { turnsA: true });
}

/** Where the library would copy all rows for each text, and turn the shares at a tenth of its speed. */
function isFusedOnWasm(x: tf.Tensor2D): boolean {
  return x.shape[1] % 8 === 0 && hasFused("TuttiMeanRows");
}

function placesOf({ starts, lengths }: TextRows) {
  return { starts: [...starts], lengths: [...lengths] };
}

/** (B, numRows): each row's share in its text's mean. */
function sharesOf({ starts, lengths }: TextRows, numRows: number): tf.Tensor2D {
  const shares = new Float32Array(lengths.length * numRows);
  lengths.forEach((length, i) => {
    shares.fill(1 / length, i * numRows + starts[i], i * numRows + starts[i] + length);
  });
  return tf.tensor2d(shares, [lengths.length, numRows]);
}
