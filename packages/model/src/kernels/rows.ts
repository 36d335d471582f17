import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "./fusedKernels.ts";

/** x (n, width) → its rows `rows`, (rows.length, width). */
export function pickRows(x: tf.Tensor2D, rows: readonly number[]): tf.Tensor2D {
  const list = tf.tensor1d([...rows], "int32");
  return hasFused("TuttiPickRows") ? (runFused("TuttiPickRows", { x, rows: list }, {})[0] as tf.Tensor2D) : tf.gather(x, list);
}

/** The gradient of `pickRows`: d (rows.length, width) → (numRows, width), zero elsewhere. No row may come twice. */
export function placeRows(d: tf.Tensor2D, rows: readonly number[], numRows: number): tf.Tensor2D {
  if (!hasFused("TuttiScatterRows")) return plainPlaceRows(d, rows, numRows);
  return runFused("TuttiScatterRows", { d, rows: tf.tensor1d([...rows], "int32") }, { numRows })[0] as tf.Tensor2D;
}

/** `placeRows` as a product, which every backend has and which sums in the same order each time. */
function plainPlaceRows(d: tf.Tensor2D, rows: readonly number[], numRows: number): tf.Tensor2D {
  return tf.matMul(oneHot(rows, numRows), d, true, false);
}

/** As `placeRows`, for many rows, where a product would cost too much: each row of the result is one of `d` or a row of zeros. */
export function spreadRows(d: tf.Tensor2D, rows: readonly number[], numRows: number): tf.Tensor2D {
  if (hasFused("TuttiScatterRows")) return placeRows(d, rows, numRows);
  const [numPlaced, width] = d.shape;
  const from = new Array<number>(numRows).fill(numPlaced);
  rows.forEach((row, i) => {
    from[row] = i;
  });
  return pickRows(tf.concat2d([d, tf.zeros<tf.Rank.R2>([1, width])], 0), from);
}

/** (columns.length, numColumns) with a one in each row. */
export function oneHot(columns: readonly number[], numColumns: number): tf.Tensor2D {
  const values = new Float32Array(columns.length * numColumns);
  columns.forEach((column, row) => {
    values[row * numColumns + column] = 1;
  });
  return tf.tensor2d(values, [columns.length, numColumns]);
}

/** The vector's values from `start` on, `size` of them. On WASM the library's slice would first copy the whole vector. */
export function partOf(vector: tf.Tensor1D, start: number, size: number): tf.Tensor1D {
  if (!hasFused("TuttiPart")) return tf.slice1d(vector, start, size);
  return runFused("TuttiPart", { vector }, { start, size })[0] as tf.Tensor1D;
}
