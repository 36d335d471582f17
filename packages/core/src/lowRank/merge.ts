import { jacobiSvd, type Svd } from "./jacobiSvd.ts";
import { type Matrix, multiply, transpose } from "./matrix.ts";
import { type LowRankTerm, requireRank, type StackedTerms, stackTerms } from "./terms.ts";
import { multiplyByQ, thinQr } from "./thinQr.ts";

/**
 * The singular values and the leading `rank` singular vectors of Σ weight · b a, without forming it: QR of both stacks of factors, then the SVD
 * of the small core between them. All singular values that can differ from 0 are there, min(R, m, n) of them with R the sum of the ranks; there
 * may be fewer vectors than `rank`.
 */
export function mergeLowRank(terms: readonly LowRankTerm[], rank: number): Svd {
  const stacked = stackTerms(terms);
  requireRank(rank, { numRows: stacked.left.numColumns, numColumns: stacked.right.numColumns }, "the merged matrix");
  return svdOfStacked(stacked, rank);
}

/** The same of stacks that are made already. */
export function svdOfStacked({ left, right }: StackedTerms, rank: number): Svd {
  const [outer, inner] = [thinQr(left), thinQr(right)];
  const core = jacobiSvd(multiply(outer.r, transpose(inner.r)));
  return {
    values: core.values,
    left: multiplyByQ(outer, firstRows(core.left, rank)),
    right: multiplyByQ(inner, firstRows(core.right, rank)),
  };
}

function firstRows({ numRows, numColumns, data }: Matrix, count: number): Matrix {
  const kept = Math.min(count, numRows);
  return { numRows: kept, numColumns, data: data.subarray(0, kept * numColumns) };
}
