import { createRandom } from "../random.ts";
import type { Matrix } from "./matrix.ts";
import { addScaled, dot, type Slice, scaleBy } from "./vectors.ts";

/**
 * The matrix with the rows from `numKept` on replaced by unit vectors that are orthogonal to all before. They start from draws of a fixed
 * stream, so that they are the same everywhere and spread over all places.
 */
export function orthonormalRows(matrix: Matrix, numKept: number): Matrix {
  const { numRows, numColumns } = matrix;
  if (numRows > numColumns)
    throw new Error(`orthonormalRows: ${numRows} rows of ${numColumns} values, at most ${numColumns} can be orthonormal`);
  if (numKept >= numRows) return matrix;
  const data = Float64Array.from(matrix.data);
  const random = createRandom(0).stream({ purpose: "lowRank/orthonormalRows" });
  for (let row = numKept; row < numRows; ) {
    const own: Slice = { data, at: row * numColumns };
    for (let i = 0; i < numColumns; i++) data[own.at + i] = random.normal();
    const drawn = dot(own, own, numColumns);
    for (let pass = 0; pass < 2; pass++) removeRows(own, row, numColumns);
    const left = dot(own, own, numColumns);
    if (!(left > 1e-8 * drawn)) continue; // almost all of it lay among the rows before: draw again
    scaleBy(own, 1 / Math.sqrt(left), numColumns);
    row += 1;
  }
  return { ...matrix, data };
}

/** Takes out of a vector what lies along the first rows. */
function removeRows(own: Slice, numRows: number, size: number): void {
  for (let row = 0; row < numRows; row++) {
    const other: Slice = { data: own.data, at: row * size };
    addScaled(own, other, -dot(own, other, size), size);
  }
}
