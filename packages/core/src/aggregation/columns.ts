/** Columns that are read together: one cache line of each vector at least. */
const blockLength = 64;

/** `judge` of each coordinate's values, which it gets in ascending order; it may not keep them. */
export function overSortedColumns(vectors: readonly Float32Array[], judge: (ascending: Float32Array) => number): Float64Array {
  const n = vectors.length;
  const length = vectors[0]?.length ?? 0;
  const out = new Float64Array(length);
  const block = new Float32Array(blockLength * n); // (columns, n)
  for (let from = 0; from < length; from += blockLength) {
    const width = Math.min(blockLength, length - from);
    for (let i = 0; i < n; i++) {
      const vector = vectors[i];
      for (let k = 0; k < width; k++) block[k * n + i] = vector[from + k];
    }
    for (let k = 0; k < width; k++) out[from + k] = judge(block.subarray(k * n, (k + 1) * n).sort());
  }
  return out;
}

/** The middle of ascending values, the mean of both where there are two; in float64. */
export function middleOf(ascending: ArrayLike<number>): number {
  const half = ascending.length >> 1;
  return ascending.length % 2 === 1 ? ascending[half] : (ascending[half - 1] + ascending[half]) / 2;
}

/** The median of numbers in any order. */
export function medianOf(values: ArrayLike<number>): number {
  return middleOf(Float64Array.from(values).sort());
}

/** The smallest of the numbers that at least `count` of them do not exceed. */
export function smallestAbove(values: readonly number[], count: number): number {
  const ascending = Float64Array.from(values).sort();
  return ascending[Math.min(ascending.length, Math.max(1, count)) - 1];
}
