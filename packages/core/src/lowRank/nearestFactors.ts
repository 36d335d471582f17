import type { Tensor } from "../params.ts";
import type { RandomStream } from "../random.ts";
import { jacobiSvd, type Svd } from "./jacobiSvd.ts";
import { matrixOf } from "./matrix.ts";
import { mergeByDraws } from "./mergeByDraws.ts";
import type { LowRankTerm } from "./terms.ts";
import { type LowRankFactors, truncateTo } from "./truncate.ts";

/** The smaller side up to which the SVD is exact; beyond it that would take minutes. */
const mostExact = 128;

/** Singular values below this share of the largest are rounding of the SVD. */
const negligibleValue = 1e-12;

/**
 * The nearest matrix of a rank to a dense one, as factors: `b` the left singular vectors times their values, `a` orthonormal rows. Where the matrix is
 * of a lower rank the other rows of `a` are made up and those columns of `b` are 0. Above 128 rows and columns the leading terms are found by draws.
 */
export function nearestFactors(dense: Tensor, rank: number, random: RandomStream): LowRankFactors {
  const [numRows, numColumns] = dense.shape;
  const isSmall = Math.min(numRows, numColumns) <= mostExact;
  const svd = isSmall
    ? jacobiSvd(matrixOf(dense.data, { numRows, numColumns }))
    : mergeByDraws([productWithIdentity(dense)], { rank, random }).svd;
  return truncateTo(rank, withoutRounding(svd));
}

/** The matrix as a product with the identity on its smaller side. */
function productWithIdentity(dense: Tensor): LowRankTerm {
  const [numRows, numColumns] = dense.shape;
  const size = Math.min(numRows, numColumns);
  const identity = { shape: [size, size], data: new Float32Array(size * size) };
  for (let i = 0; i < size; i++) identity.data[i * size + i] = 1;
  return numRows <= numColumns ? { weight: 1, b: identity, a: dense } : { weight: 1, b: dense, a: identity };
}

/** The terms whose singular values are more than rounding: vectors of others are of no direction. */
function withoutRounding({ values, left, right }: Svd): Svd {
  const [largest = 0] = values;
  const count = values.reduce((known, value) => (value > negligibleValue * largest ? known + 1 : known), 0);
  const leading = (vectors: Svd["left"]) => ({
    ...vectors,
    numRows: Math.min(count, vectors.numRows),
    data: vectors.data.subarray(0, Math.min(count, vectors.numRows) * vectors.numColumns),
  });
  return { values: values.slice(0, count), left: leading(left), right: leading(right) };
}
