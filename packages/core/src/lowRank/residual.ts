import { createTensor, norm, type Tensor } from "../params.ts";
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

/** Bytes of a residual in f32. */
export function residualBytes(residual: Residual): number {
  return 4 * (residual.kind === "dense" ? residual.values.data.length : residual.a.data.length + residual.b.data.length);
}

/**
 * The residual with a sum of low-rank parts added to it: factors as long as they hold fewer values than the matrix, which is below the rank
 * m n / (m + n), and one dense difference from then on. Null where nothing is left.
 */
export function addToResidual(before: Residual | null, terms: readonly LowRankTerm[]): Residual | null {
  if (before?.kind === "dense") return { kind: "dense", values: denseSum(before.values, terms) };
  const parts = before === null ? terms : [{ weight: 1, a: before.a, b: before.b }, ...terms];
  const { numRows, numColumns } = sizesOf(parts);
  const merged = mergeLowRank(parts, Math.min(numRows, numColumns));
  const rank = rankOf(merged, parts);
  if (rank === 0) return null;
  if (rank * (numRows + numColumns) < numRows * numColumns) return { kind: "factors", ...truncateTo(rank, merged) };
  const nothing = createTensor([numRows, numColumns], new Float32Array(numRows * numColumns));
  return { kind: "dense", values: denseSum(nothing, parts) };
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
  const { numRows, numColumns } = sizesOf(trained);
  const rank = trained.reduce((sum, { a }) => sum + a.shape[0], 0);
  const b = new Float32Array(numRows * rank);
  const a = new Float32Array(rank * numColumns);
  let start = 0;
  for (const part of trained) {
    const own = part.a.shape[0];
    for (let row = 0; row < numRows; row++) b.set(part.b.data.subarray(row * own, (row + 1) * own), row * rank + start);
    a.set(
      part.a.data.map((value) => part.weight * value),
      start * numColumns,
    );
    start += own;
  }
  return { b: createTensor([numRows, rank], b), a: createTensor([rank, numColumns], a) };
}

function rankOf({ values }: Svd, parts: readonly LowRankTerm[]): number {
  const together = parts.reduce((sum, { weight, a, b }) => sum + Math.abs(weight) * norm({ a }) * norm({ b }), 0);
  const floor = Math.max(negligibleValue * values[0], negligibleRest * together);
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
