import { addScaled } from "./vectors.ts";

/** A dense matrix of 64-bit floats in row-major order. */
export interface Matrix {
  readonly numRows: number;
  readonly numColumns: number;
  /** `numRows` · `numColumns` values. */
  readonly data: Float64Array;
}

/** A matrix of zeros. */
export function zeroMatrix(numRows: number, numColumns: number): Matrix {
  return { numRows, numColumns, data: new Float64Array(numRows * numColumns) };
}

/** A matrix with a copy of `values`, row after row; throws unless there are as many as it needs and all are finite. */
export function matrixOf(values: ArrayLike<number>, { numRows, numColumns }: Omit<Matrix, "data">, what = "matrix"): Matrix {
  const size = numRows * numColumns;
  if (values.length !== size) throw new Error(`${what}: ${numRows} × ${numColumns} needs ${size} values, received ${values.length}`);
  const data = Float64Array.from(values);
  requireFinite(data, what);
  return { numRows, numColumns, data };
}

/** Throws, with the place of the first, where a value is NaN or infinite. */
export function requireFinite(values: ArrayLike<number>, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new Error(`${what}: value ${i} is ${values[i]}, expected finite numbers`);
  }
}

/** The matrix with rows and columns exchanged. */
export function transpose({ numRows, numColumns, data }: Matrix): Matrix {
  const out = new Float64Array(data.length);
  for (let row = 0; row < numRows; row++) {
    for (let column = 0; column < numColumns; column++) out[column * numRows + row] = data[row * numColumns + column];
  }
  return { numRows: numColumns, numColumns: numRows, data: out };
}

/** x · y. */
export function multiply(x: Matrix, y: Matrix): Matrix {
  if (x.numColumns !== y.numRows) {
    throw new Error(
      `multiply: ${x.numRows} × ${x.numColumns} by ${y.numRows} × ${y.numColumns}, expected ${x.numColumns} rows on the right`,
    );
  }
  return multiplyTransposed(transpose(x), y);
}

/** xᵀ · y. Four rows of both at a time, so that a row of the result is read and written a quarter as often. */
export function multiplyTransposed(x: Matrix, y: Matrix): Matrix {
  const [inner, numRows, numColumns] = [x.numRows, x.numColumns, y.numColumns];
  if (y.numRows !== inner) throw new Error(`multiplyTransposed: ${inner} rows by ${y.numRows}, expected the same number`);
  const out = new Float64Array(numRows * numColumns);
  const whole = inner - (inner % 4);
  for (let k = 0; k < whole; k += 4) {
    const [y0, y1, y2, y3] = [0, 1, 2, 3].map((more) => y.data.subarray((k + more) * numColumns, (k + more + 1) * numColumns));
    for (let row = 0; row < numRows; row++) {
      const at = k * numRows + row;
      const [x0, x1, x2, x3] = [x.data[at], x.data[at + numRows], x.data[at + 2 * numRows], x.data[at + 3 * numRows]];
      const to = row * numColumns;
      for (let i = 0; i < numColumns; i++) out[to + i] += x0 * y0[i] + x1 * y1[i] + x2 * y2[i] + x3 * y3[i];
    }
  }
  for (let k = whole; k < inner; k++) {
    for (let row = 0; row < numRows; row++) {
      addScaled({ data: out, at: row * numColumns }, { data: y.data, at: k * numColumns }, x.data[k * numRows + row], numColumns);
    }
  }
  return { numRows, numColumns, data: out };
}
