import type { RandomStream } from "../random.ts";
import type { Svd } from "./jacobiSvd.ts";
import { type Matrix, multiplyTransposed, zeroMatrix } from "./matrix.ts";
import { svdOfStacked } from "./merge.ts";
import { type LowRankTerm, requireRank, type StackedTerms, stackTerms } from "./terms.ts";
import { multiplyByQ, thinQr } from "./thinQr.ts";
import { dot } from "./vectors.ts";

/** How a merge by random draws is made. */
export interface DrawSettings {
  readonly rank: number;
  readonly random: RandomStream;
  /** Directions beside the rank. */
  readonly oversampling?: number;
  /** Passes that turn the directions towards the largest singular values. */
  readonly powerSteps?: number;
  /** Draws that the error is estimated from. */
  readonly numProbes?: number;
}

/** A merge by random draws, with what is missing of it. */
export interface DrawnMerge {
  /** The leading `rank` terms. */
  readonly svd: Svd;
  /** ‖D − D_r‖ / ‖D‖, square roots of sums of squares: estimated from products with random vectors, since D is never formed; 0 where D is 0. */
  readonly relativeError: number;
}

/**
 * The leading terms of Σ weight · b a for many parts, where QR of their stacks takes too long: the range of the sum is found by random
 * directions (Halko, Martinsson and Tropp 2011, https://arxiv.org/abs/0909.4061, Algorithms 4.4 and 5.1), and the SVD is that within it.
 */
export function mergeByDraws(
  terms: readonly LowRankTerm[],
  { rank, random, oversampling = 8, powerSteps = 2, numProbes = 16 }: DrawSettings,
): DrawnMerge {
  const stacked = stackTerms(terms);
  const [m, n] = [stacked.left.numColumns, stacked.right.numColumns];
  requireRank(rank, { numRows: m, numColumns: n }, "the merged matrix");
  const numDirections = Math.min(rank + oversampling, m, n);
  let range = basisOf(times(stacked, normals(numDirections, n, random)));
  for (let step = 0; step < powerSteps; step++) range = basisOf(times(stacked, basisOf(timesTransposed(stacked, range))));
  const whole = svdOfStacked({ left: range, right: timesTransposed(stacked, range) }, rank);
  const svd = { ...whole, values: whole.values.slice(0, rank) };
  return { svd, relativeError: estimatedError(stacked, svd, normals(numProbes, n, random)) };
}

/** D applied to each row of `vectors` (count, n): (count, m). */
function times({ left, right }: StackedTerms, vectors: Matrix): Matrix {
  return multiplyTransposed(products(right, vectors), left);
}

/** Dᵀ applied to each row of `vectors` (count, m): (count, n). */
function timesTransposed({ left, right }: StackedTerms, vectors: Matrix): Matrix {
  return multiplyTransposed(products(left, vectors), right);
}

/** The products of all rows of both: (rows of x, rows of y). */
function products(x: Matrix, y: Matrix): Matrix {
  const size = x.numColumns;
  const out = zeroMatrix(x.numRows, y.numRows);
  for (let i = 0; i < x.numRows; i++) {
    for (let j = 0; j < y.numRows; j++) {
      out.data[i * y.numRows + j] = dot({ data: x.data, at: i * size }, { data: y.data, at: j * size }, size);
    }
  }
  return out;
}

/** Orthonormal rows that span those of `vectors`. */
function basisOf(vectors: Matrix): Matrix {
  const count = vectors.numRows;
  const identity = zeroMatrix(count, count);
  for (let i = 0; i < count; i++) identity.data[i * count + i] = 1;
  return multiplyByQ(thinQr(vectors), identity);
}

/** ‖(D − D_r) g‖² and ‖D g‖² over the same normal vectors g: their means are the squared norms. */
function estimatedError(stacked: StackedTerms, { values, left, right }: Svd, probes: Matrix): number {
  const images = times(stacked, probes); // (probes, m)
  const shares = products(right, probes); // (terms, probes)
  for (let r = 0; r < right.numRows; r++) {
    for (let p = 0; p < probes.numRows; p++) shares.data[r * probes.numRows + p] *= values[r];
  }
  const kept = multiplyTransposed(shares, left);
  let [lost, all] = [0, 0];
  for (let i = 0; i < images.data.length; i++) {
    lost += (images.data[i] - kept.data[i]) ** 2;
    all += images.data[i] * images.data[i];
  }
  return all === 0 ? 0 : Math.sqrt(lost / all);
}

function normals(numRows: number, numColumns: number, random: RandomStream): Matrix {
  const out = zeroMatrix(numRows, numColumns);
  for (let i = 0; i < out.data.length; i++) out.data[i] = random.normal();
  return out;
}
