import type { RandomStream } from "@tutti/core";

/** The difference of two accuracies on the same test rows, with its 95 % interval. */
export interface PairedDifference {
  /** First minus second. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Whether the interval contains 0. */
  readonly isTie: boolean;
  readonly numRows: number;
}

/** How often test rows are drawn anew. */
export const numResamples = 2000;

/**
 * Paired bootstrap over test rows (Efron and Tibshirani 1993, percentile interval). Each side is one text of "1" (right) and "0" (wrong) per
 * seed, a character per test row; a row's value is its mean over the seeds, so that the interval speaks of other test rows and not of other seeds.
 */
export function pairedBootstrap(first: readonly string[], second: readonly string[], stream: RandomStream): PairedDifference {
  const a = rowMeans(first);
  const b = rowMeans(second);
  if (a.length !== b.length) throw new Error(`paired bootstrap: ${a.length} rows beside ${b.length}: both sides need the same test rows`);
  const gains = Float64Array.from(a, (value, row) => value - (b[row] ?? 0));
  const numRows = gains.length;
  const means = new Float64Array(numResamples);
  for (let sample = 0; sample < numResamples; sample++) {
    let sum = 0;
    for (let draw = 0; draw < numRows; draw++) sum += gains[stream.integer(numRows)] ?? 0;
    means[sample] = sum / numRows;
  }
  means.sort();
  const [low, high] = [quantile(means, 0.025), quantile(means, 0.975)];
  return { difference: mean(gains), low, high, isTie: low <= 0 && high >= 0, numRows };
}

/** Share of right answers in one text of "1" and "0". */
export function shareOfRight(correct: string): number {
  return mean(rowMeans([correct]));
}

function rowMeans(texts: readonly string[]): Float64Array {
  const [head] = texts;
  if (head === undefined || head.length === 0) throw new Error("paired bootstrap: there is no test row");
  const means = new Float64Array(head.length);
  for (const text of texts) {
    if (text.length !== head.length)
      throw new Error(`paired bootstrap: a seed has ${text.length} test rows where another has ${head.length}`);
    for (let row = 0; row < text.length; row++) means[row] = (means[row] ?? 0) + rightOrWrong(text, row) / texts.length;
  }
  return means;
}

function rightOrWrong(text: string, row: number): number {
  if (text[row] === "1") return 1;
  if (text[row] === "0") return 0;
  throw new Error(`paired bootstrap: row ${row} is "${text[row]}" and not "1" or "0"`);
}

/** Linear between neighbours of the sorted values. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const [below = Number.NaN, above = below] = sorted.subarray(Math.floor(place), Math.floor(place) + 2);
  return below + (place - Math.floor(place)) * (above - below);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
