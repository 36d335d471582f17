import { norm, type Tensor, zeros } from "../params.ts";
import { oneAboveOther, sideBySide } from "../residualParams.ts";
import type { Svd } from "./jacobiSvd.ts";
import { mergeLowRank } from "./merge.ts";
import { type LowRankTerm, sizesOf } from "./terms.ts";
import { type LowRankFactors, truncateTo } from "./truncate.ts";

/** A difference that lies beside a frozen matrix (m, n) and is not trained, in whichever form is smaller. */
export type Residual = ({ readonly kind: "factors" } & LowRankFactors) | { readonly kind: "dense"; readonly values: Tensor };

/** Singular values below this share of the largest are rounding of f32 factors. */
const negligibleValue = 1e-7;

/** Singular values below this share of the parts together are rounding of their sum. */
const negligibleRest = 1e-13;

/** The same of parts that differ by the rounding of f32 factors: two units in the last place of each. */
const roundedRest = 2 ** -21;

/** With more components than this a sum keeps its parts as they are: the SVD that would find its rank takes too long. */
const mostReduced = 128;

/** Bytes of a residual in f32. */
export function residualBytes(residual: Residual): number {
  return 4 * (residual.kind === "dense" ? residual.values.data.length : residual.a.data.length + residual.b.data.length);
}

/**
 * The residual with a sum of low-rank parts added to it: factors as long as they hold fewer values than the matrix, which is below the rank
 * m n / (m + n), and one dense difference from then on. Null where nothing is left.
 */
export function addToResidual(before: Residual | null, terms: readonly LowRankTerm[], negligible = negligibleRest): Residual | null {
  if (before?.kind === "dense") return { kind: "dense", values: denseSum(before.values, terms) };
  const parts = before === null ? terms : [{ weight: 1, a: before.a, b: before.b }, ...terms];
  const { numRows, numColumns } = sizesOf(parts);
  const merged = mergeLowRank(parts, Math.min(numRows, numColumns));
  const rank = rankOf(merged, parts, negligible);
  if (rank === 0) return null;
  if (isThin(rank, [numRows, numColumns])) return { kind: "factors", ...truncateTo(rank, merged) };
  return { kind: "dense", values: denseSum(zeros([numRows, numColumns]), parts) };
}

/** Whether factors of this rank hold fewer values than the matrix: whether it is below m n / (m + n). */
export function isThin(rank: number, [numRows, numColumns]: readonly number[]): boolean {
  return rank * (numRows + numColumns) < numRows * numColumns;
}

/** A sum of low-rank parts as it is: the stacked factors while their rank is below m n / (m + n), else the dense sum. */
export function stackedResidual(terms: readonly LowRankTerm[]): Residual {
  const { numRows, numColumns } = sizesOf(terms);
  if (isThin(numComponents(terms), [numRows, numColumns])) return { kind: "factors", ...stackedFactors(terms) };
  return { kind: "dense", values: denseSum(zeros([numRows, numColumns]), terms) };
}

/** A sum of low-rank parts in f32 at its own rank, or, where finding that takes too long, as it is. Null where nothing is left. */
export function reducedResidual(terms: readonly LowRankTerm[]): Residual | null {
  return numComponents(terms) <= mostReduced ? addToResidual(null, terms, roundedRest) : stackedResidual(terms);
}

/** Residuals of one matrix as one. Null where nothing is left. */
export function foldedResidual(parts: readonly Residual[]): Residual | null {
  const terms = parts.flatMap((part): LowRankTerm[] => (part.kind === "factors" ? [{ weight: 1, a: part.a, b: part.b }] : []));
  const dense = parts.flatMap((part) => (part.kind === "dense" ? [part.values] : []));
  if (dense.length === 0) return terms.length === 0 ? null : reducedResidual(terms);
  return { kind: "dense", values: dense.slice(1).reduce(addDense, denseSum(dense[0], terms)) };
}

/**
 * What the mean of the products lacks when devices go on from `sent` (FedEx-LoRA, https://arxiv.org/abs/2410.09432): Σ weight · B_i A_i − B A.
 * `sent` are the factors as devices decode them, so that the rounding of what travels is made up for too.
 */
export function missingFrom(sent: LowRankFactors, trained: readonly LowRankTerm[]): LowRankTerm[] {
  return [...trained, { weight: -1, ...sent }];
}

/**
 * All devices' factors as one pair (FLoRA, https://arxiv.org/abs/2409.05976), whose product is Σ weight · B_i A_i: the columns of every B side by
 * side, and the rows of every A, times the weight, one above the other.
 */
export function stackedFactors(trained: readonly LowRankTerm[]): LowRankFactors {
  sizesOf(trained);
  const weighted = ({ weight, a }: LowRankTerm): Tensor => ({ shape: a.shape, data: a.data.map((value) => weight * value) });
  return { b: sideBySide(trained.map(({ b }) => b)), a: oneAboveOther(trained.map(weighted)) };
}

function numComponents(terms: readonly LowRankTerm[]): number {
  return terms.reduce((sum, { a }) => sum + a.shape[0], 0);
}

function addDense({ shape, data }: Tensor, { data: other }: Tensor): Tensor {
  return { shape, data: data.map((value, i) => value + other[i]) };
}

function rankOf({ values }: Svd, parts: readonly LowRankTerm[], negligible: number): number {
  const together = parts.reduce((sum, { weight, a, b }) => sum + Math.abs(weight) * norm({ a }) * norm({ b }), 0);
  const floor = Math.max(negligibleValue * values[0], negligible * together);
  return values.reduce((rank, value) => (value > floor ? rank + 1 : rank), 0);
}

/** values + Σ weight · b a, summed in float64. */
function denseSum({ shape, data }: Tensor, terms: readonly LowRankTerm[]): Tensor {
  const [numRows, numColumns] = shape;
  const out = new Float32Array(data.length);
  const sum = new Float64Array(numColumns);
  for (let row = 0; row < numRows; row++) {
    sum.set(data.subarray(row * numColumns, (row + 1) * numColumns));
    for (const { weight, a, b } of terms) addRow(sum, { weight, a, b }, row);
    out.set(sum, row * numColumns);
  }
  return { shape, data: out };
}

function addRow(sum: Float64Array, { weight, a, b }: LowRankTerm, row: number): void {
  const rank = a.shape[0];
  for (let r = 0; r < rank; r++) {
    const factor = weight * b.data[row * rank + r];
    for (let i = 0; i < sum.length; i++) sum[i] += factor * a.data[r * sum.length + i];
  }
}
