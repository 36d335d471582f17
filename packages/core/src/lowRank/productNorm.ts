import type { LowRankFactors } from "./truncate.ts";

/** ‖b a‖, the square root of the sum of its values' squares: the product is not formed, since ‖b a‖² = Σ_rs (bᵀ b)_rs (a aᵀ)_rs. */
export function productNorm({ a, b }: LowRankFactors): number {
  const [[numRows, rank], [, numColumns]] = [b.shape, a.shape];
  let sum = 0;
  for (let r = 0; r < rank; r++) {
    for (let s = 0; s < rank; s++) {
      let [left, right] = [0, 0];
      for (let i = 0; i < numRows; i++) left += b.data[i * rank + r] * b.data[i * rank + s];
      for (let j = 0; j < numColumns; j++) right += a.data[r * numColumns + j] * a.data[s * numColumns + j];
      sum += left * right;
    }
  }
  return Math.sqrt(Math.max(0, sum)); // rounding may leave a little below 0
}
