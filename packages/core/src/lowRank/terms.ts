import type { Tensor } from "../params.ts";
import { type Matrix, zeroMatrix } from "./matrix.ts";

/** weight · b a, a part of a sum of low-rank matrices of one size (m, n). */
export interface LowRankTerm {
  readonly weight: number;
  /** (m, rank). */
  readonly b: Tensor;
  /** (rank, n). */
  readonly a: Tensor;
}

/** All parts of a sum as one product: the sum is left ᵀ · right. */
export interface StackedTerms {
  /** (R, m), R the sum of the ranks: √|weight| times the columns of every b. */
  readonly left: Matrix;
  /** (R, n): the rows of every a times what is left of their weight, with its sign. */
  readonly right: Matrix;
}

/** √weight to both factors, so that both stacks are of like size. Throws, saying which part, where one does not fit or is not finite. */
export function stackTerms(terms: readonly LowRankTerm[]): StackedTerms {
  const sizes = sizesOf(terms);
  const total = terms.reduce((sum, { a }) => sum + a.shape[0], 0);
  const left = zeroMatrix(total, sizes.numRows);
  const right = zeroMatrix(total, sizes.numColumns);
  let row = 0;
  for (const [i, { weight, a, b }] of terms.entries()) {
    const share = Math.sqrt(Math.abs(weight));
    copyTransposed(b, left, { row, factor: share, what: `part ${i}, factor b` });
    copyRows(a, right, { row, factor: weight < 0 ? -share : share, what: `part ${i}, factor a` });
    row += a.shape[0];
  }
  return { left, right };
}

/** (m, n) of a sum whose parts fit each other. */
export function sizesOf(terms: readonly LowRankTerm[]): Omit<Matrix, "data"> {
  if (terms.length === 0) throw new Error("low-rank sum: no parts, expected at least one");
  const [numRows, numColumns] = [terms[0].b.shape[0], terms[0].a.shape[1]];
  for (const [i, term] of terms.entries()) {
    const { a, b, weight } = term;
    const found = `part ${i}: b [${b.shape.join(",")}] times a [${a.shape.join(",")}]`;
    if (a.shape.length !== 2 || b.shape.length !== 2 || b.shape[1] !== a.shape[0]) {
      throw new Error(`${found}, expected b (m, rank) and a (rank, n) of one rank`);
    }
    if (b.shape[0] !== numRows || a.shape[1] !== numColumns) {
      throw new Error(`${found}, expected a ${numRows} × ${numColumns} matrix as in part 0`);
    }
    requireRank(a.shape[0], { numRows, numColumns }, `part ${i}`);
    if (!Number.isFinite(weight)) throw new Error(`part ${i}: weight ${weight}, expected a finite number`);
  }
  return { numRows, numColumns };
}

/** Throws where a rank is none that a matrix of this size can have. */
export function requireRank(rank: number, { numRows, numColumns }: Omit<Matrix, "data">, what: string): void {
  const most = Math.min(numRows, numColumns);
  if (Number.isInteger(rank) && rank >= 1 && rank <= most) return;
  throw new Error(
    `${what}: rank ${rank} of a ${numRows} × ${numColumns} matrix, expected a whole number from 1 to ${most}: lower the rank`,
  );
}

interface Place {
  readonly row: number;
  readonly factor: number;
  readonly what: string;
}

function copyRows({ data }: Tensor, to: Matrix, { row, factor, what }: Place): void {
  const start = row * to.numColumns;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) throw notFinite(data[i], i, what);
    to.data[start + i] = factor * data[i];
  }
}

function copyTransposed({ data, shape: [numRows, rank] }: Tensor, to: Matrix, { row, factor, what }: Place): void {
  for (let i = 0; i < numRows; i++) {
    for (let r = 0; r < rank; r++) {
      const value = data[i * rank + r];
      if (!Number.isFinite(value)) throw notFinite(value, i * rank + r, what);
      to.data[(row + r) * numRows + i] = factor * value;
    }
  }
}

function notFinite(value: number, place: number, what: string): Error {
  return new Error(`${what}: value ${place} is ${value}, expected finite numbers`);
}
