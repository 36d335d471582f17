import { type Matrix, zeroMatrix } from "./matrix.ts";
import { addScaled, dot, type Slice, scaleBy } from "./vectors.ts";

/**
 * The thin QR of a matrix whose columns are the rows of `vectors` (n, size): vectorsᵀ = Q R, Q (size, k) with orthonormal columns, k the smaller
 * of both sizes. Q is kept as its reflections.
 */
export interface ThinQr {
  /** (k, n), 0 below the diagonal. */
  readonly r: Matrix;
  /** (n, size): row j holds the direction of reflection j from place j on, with length √2; a row of zeros reflects nothing. */
  readonly reflections: Matrix;
}

/** Householder's QR (Golub and Van Loan, Matrix Computations, §5.2): Q is orthonormal to rounding, whatever the vectors are. */
export function thinQr(vectors: Matrix): ThinQr {
  const { numRows: n, numColumns: size } = vectors;
  const data = Float64Array.from(vectors.data);
  const k = Math.min(n, size);
  const r = zeroMatrix(k, n);
  for (let j = 0; j < k; j++) {
    const own: Slice = { data, at: j * size + j };
    r.data[j * n + j] = makeReflection(own, size - j);
    for (let other = j + 1; other < n; other++) {
      const vector: Slice = { data, at: other * size + j };
      addScaled(vector, own, -dot(own, vector, size - j), size - j);
      r.data[j * n + other] = data[vector.at];
    }
  }
  return { r, reflections: { ...vectors, data } };
}

/** Turns x into v with length √2, such that x − v (v · x) is (r, 0, 0, …), and gives r. */
function makeReflection(x: Slice, size: number): number {
  const length = Math.sqrt(dot(x, x, size));
  if (length === 0) return 0;
  const first = x.data[x.at];
  const r = first > 0 ? -length : length;
  x.data[x.at] = first - r;
  scaleBy(x, 1 / Math.sqrt(length * (length + Math.abs(first))), size); // v·v / 2 = length (length + |first|)
  return r;
}

/** Q times each row of `inner` (count, k): vectors (count, size). */
export function multiplyByQ({ reflections }: ThinQr, inner: Matrix): Matrix {
  const { numRows: count, numColumns: k } = inner;
  const size = reflections.numColumns;
  const out = zeroMatrix(count, size);
  for (let row = 0; row < count; row++) {
    out.data.set(inner.data.subarray(row * k, (row + 1) * k), row * size);
    for (let j = k - 1; j >= 0; j--) {
      const own: Slice = { data: reflections.data, at: j * size + j };
      const vector: Slice = { data: out.data, at: row * size + j };
      addScaled(vector, own, -dot(own, vector, size - j), size - j);
    }
  }
  return out;
}
