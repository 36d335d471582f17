import type { Params, Tensor } from "../../params.ts";
import type { LoraPair } from "../../tunings/loraFactors.ts";

/** What is left of a rank: ⌈γ r⌉, at least 1. */
export function prunedRank(rank: number, pruneTo: number): number {
  return Math.max(1, Math.ceil(pruneTo * rank - 1e-9));
}

/** Σ ‖B_tail‖ · ‖A_tail‖ over the pairs, the tail being components from `kept` up to `rank`. */
export function tailNorm(
  params: Params,
  pairs: readonly LoraPair[],
  { kept, rank }: { readonly kept: number; readonly rank: number },
): number {
  return pairs.reduce((sum, { a, b }) => {
    const end = Math.min(rank, params[a].shape[0]);
    return sum + normOfRows(params[a], kept, end) * normOfColumns(params[b], kept, end);
  }, 0);
}

function normOfRows({ shape, data }: Tensor, from: number, to: number): number {
  let sum = 0;
  for (let i = from * shape[1]; i < to * shape[1]; i++) sum += data[i] * data[i];
  return Math.sqrt(sum);
}

function normOfColumns({ shape: [numRows, rank], data }: Tensor, from: number, to: number): number {
  let sum = 0;
  for (let row = 0; row < numRows; row++) for (let r = from; r < to; r++) sum += data[row * rank + r] ** 2;
  return Math.sqrt(sum);
}
