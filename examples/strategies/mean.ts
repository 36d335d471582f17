/** The mean without the ⌊trim · n⌋ largest and as many of the smallest values. */
export function trimmedMean(values: readonly number[], trim: number): number {
  const numLeft = Math.floor(trim * values.length);
  const kept = values.toSorted((a, b) => a - b).slice(numLeft, values.length - numLeft);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}
