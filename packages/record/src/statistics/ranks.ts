/** Ranks from 1 for the smallest; equal values share the mean of their ranks. */
export function averageRanks(values: readonly number[]): number[] {
  return values.map((value) => {
    const numSmaller = values.filter((other) => other < value).length;
    const numEqual = values.filter((other) => other === value).length;
    return numSmaller + (numEqual + 1) / 2;
  });
}

/** Spearman's rank correlation, ties averaged; null where it is not defined (fewer than two values, or one side all equal). */
export function spearman(first: readonly number[], second: readonly number[]): number | null {
  if (first.length !== second.length) throw new Error(`rank correlation: ${first.length} values beside ${second.length}`);
  const a = averageRanks(first);
  const b = averageRanks(second);
  const middle = (first.length + 1) / 2;
  const products = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + (value - middle) * ((y[i] ?? middle) - middle), 0);
  const spread = Math.sqrt(products(a, a) * products(b, b));
  return spread === 0 ? null : products(a, b) / spread;
}
