import { type Matrix, zeroMatrix } from "../lowRank/matrix.ts";
import type { LowRankTerm } from "../lowRank/terms.ts";
import { createTensor } from "../params.ts";
import type { RandomStream } from "../random.ts";

/** A part of a low-rank sum with normal values. */
export function randomTerm(
  random: RandomStream,
  {
    numRows,
    numColumns,
    rank,
    weight,
  }: { readonly numRows: number; readonly numColumns: number; readonly rank: number; readonly weight: number },
): LowRankTerm {
  const normals = (size: number) => Float32Array.from({ length: size }, () => random.normal());
  return {
    weight,
    b: createTensor([numRows, rank], normals(numRows * rank)),
    a: createTensor([rank, numColumns], normals(rank * numColumns)),
  };
}

/** Σ weight · b a by the definition, value for value. */
export function denseSum(terms: readonly LowRankTerm[]): Matrix {
  const out = zeroMatrix(terms[0].b.shape[0], terms[0].a.shape[1]);
  for (const { weight, a, b } of terms) {
    const rank = a.shape[0];
    for (let i = 0; i < out.numRows; i++) {
      for (let j = 0; j < out.numColumns; j++) {
        for (let r = 0; r < rank; r++) out.data[i * out.numColumns + j] += weight * b.data[i * rank + r] * a.data[r * out.numColumns + j];
      }
    }
  }
  return out;
}

/** Σ values[i] · left_i right_iᵀ over the rows of `left` and `right`. */
export function denseOf({
  values,
  left,
  right,
}: {
  readonly values: ArrayLike<number>;
  readonly left: Matrix;
  readonly right: Matrix;
}): Matrix {
  const [m, n] = [left.numColumns, right.numColumns];
  const out = zeroMatrix(m, n);
  for (let r = 0; r < left.numRows; r++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) out.data[i * n + j] += values[r] * left.data[r * m + i] * right.data[r * n + j];
    }
  }
  return out;
}

/** Square root of the sum of squares of x − y. */
export function distance(x: Matrix, y: Matrix): number {
  return Math.sqrt(x.data.reduce((sum, value, i) => sum + (value - y.data[i]) ** 2, 0));
}

/** Square root of the sum of squares. */
export function normOf({ data }: Matrix): number {
  return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
}

/** The largest deviation of the rows' products from those of orthonormal rows. */
export function skewness({ numRows, numColumns, data }: Matrix): number {
  let worst = 0;
  for (let i = 0; i < numRows; i++) {
    for (let j = 0; j < numRows; j++) {
      let product = i === j ? -1 : 0;
      for (let k = 0; k < numColumns; k++) product += data[i * numColumns + k] * data[j * numColumns + k];
      worst = Math.max(worst, Math.abs(product));
    }
  }
  return worst;
}
