import { createTensor, type Tensor } from "../params.ts";
import type { Svd } from "./jacobiSvd.ts";
import { type Matrix, zeroMatrix } from "./matrix.ts";
import { orthonormalRows } from "./orthonormalRows.ts";
import { requireRank } from "./terms.ts";

/** b a as a device gets it. */
export interface LowRankFactors {
  /** (m, rank). */
  readonly b: Tensor;
  /** (rank, n). */
  readonly a: Tensor;
}

/**
 * The nearest matrix of a rank as factors: `b` is the left singular vectors times their values, `a` has orthonormal rows. Where there are fewer
 * singular vectors than the rank, the rows of `a` are made up and the columns of `b` are 0: with both at 0 neither could learn.
 */
export function truncateTo(rank: number, { values, left, right }: Svd): LowRankFactors {
  const [numRows, numColumns] = [left.numColumns, right.numColumns];
  requireRank(rank, { numRows, numColumns }, "truncateTo");
  const known = Math.min(rank, left.numRows);
  const b = new Float32Array(numRows * rank);
  for (let r = 0; r < known; r++) {
    for (let i = 0; i < numRows; i++) b[i * rank + r] = values[r] * left.data[r * numRows + i];
  }
  const a = orthonormalRows(withRows(right, rank), known);
  return { b: createTensor([numRows, rank], b, "b"), a: createTensor([rank, numColumns], Float32Array.from(a.data), "a") };
}

/** ‖D − D_r‖ / ‖D‖ of the nearest matrix of that rank, both as square roots of sums of squares; 0 where D is 0. */
export function truncationError(rank: number, values: Float64Array): number {
  let [lost, all] = [0, 0];
  for (let i = values.length - 1; i >= 0; i--) {
    all += values[i] * values[i];
    if (i >= rank) lost = all;
  }
  return all === 0 ? 0 : Math.sqrt(lost / all);
}

function withRows({ numRows, numColumns, data }: Matrix, count: number): Matrix {
  const out = zeroMatrix(count, numColumns);
  out.data.set(data.subarray(0, Math.min(count, numRows) * numColumns));
  return out;
}
