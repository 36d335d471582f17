import { type Metric, measure, type RandomStream } from "@tutti/core";

/** The difference of two scores on the same test rows, with its 95 % interval. */
export interface PairedDifference {
  /** First minus second. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Whether the interval contains 0, its ends included. */
  readonly isTie: boolean;
  readonly numRows: number;
}

/** The true class and the predicted one of every test row, both counted from 0. */
export interface RowAnswers {
  readonly labels: readonly number[];
  readonly predictions: readonly number[];
}

/** Means over seeds are off by the last bits, so that an end of exactly 0 may come out beside it; real differences are far larger. */
const rounding = 1e-9;

/** How often test rows are drawn. */
export const numResamples = 2000;

/**
 * Paired bootstrap over test rows (Efron and Tibshirani 1993, percentile interval) of two accuracies. Each side is one text of "1" (right) and "0"
 * (wrong) per seed, a character per test row; a row's value is its mean over the seeds, so that the interval speaks of other test rows and not of
 * other seeds.
 */
export function pairedBootstrap(first: readonly string[], second: readonly string[], stream: RandomStream): PairedDifference {
  const a = rowMeans(first);
  const b = rowMeans(second);
  requireSameRows(a.length, b.length);
  const gains = Float64Array.from(a, (value, row) => value - (b[row] ?? 0));
  return intervalOf(gains.length, stream, (rows) => rows.reduce((sum, row) => sum + (gains[row] ?? 0), 0) / rows.length);
}

/**
 * The same for any metric, from the answers of one run per seed: a drawn set of rows is scored run by run, and a side's score is the mean over its
 * runs. For accuracy it is what `pairedBootstrap` gives.
 */
export function pairedBootstrapOf(
  metric: Metric,
  first: readonly RowAnswers[],
  second: readonly RowAnswers[],
  stream: RandomStream,
): PairedDifference {
  const [numRows, ...others] = [...first, ...second].flatMap(({ labels, predictions }) => [labels.length, predictions.length]);
  if (first.length === 0 || second.length === 0 || numRows === undefined || numRows === 0) throw new Error(noRow);
  for (const other of others) requireSameRows(numRows, other);
  const classes = [...first, ...second].flatMap(({ labels, predictions }) => [...labels, ...predictions]);
  const numClasses = classes.reduce((most, one) => Math.max(most, one + 1), 2);
  const scoreOn = (side: readonly RowAnswers[], rows: Uint32Array) =>
    mean(Float64Array.from(side, (run) => scoreOf(metric, run, rows, numClasses)));
  return intervalOf(numRows, stream, (rows) => scoreOn(first, rows) - scoreOn(second, rows));
}

/** A run's score on drawn rows, of which one may come several times. */
function scoreOf(metric: Metric, { labels, predictions }: RowAnswers, rows: Uint32Array, numClasses: number): number {
  const counts = Array.from({ length: numClasses }, () => new Array<number>(numClasses).fill(0));
  for (const row of rows) {
    const [ofLabel, prediction] = [counts[labels[row] ?? -1], predictions[row] ?? -1];
    if (ofLabel?.[prediction] === undefined) throw new Error(`paired bootstrap: row ${row} has no classes counted from 0`);
    ofLabel[prediction] += 1;
  }
  return measure(metric, counts) ?? Number.NaN;
}

/** The difference on all rows, and where the middle 95 % of the differences on drawn rows lie. */
function intervalOf(numRows: number, stream: RandomStream, differenceOn: (rows: Uint32Array) => number): PairedDifference {
  const rows = new Uint32Array(numRows);
  const differences = Float64Array.from({ length: numResamples }, () => differenceOn(rows.map(() => stream.integer(numRows))));
  differences.sort();
  const [low, high] = [quantile(differences, 0.025), quantile(differences, 0.975)];
  return { difference: differenceOn(rows.map((_, row) => row)), low, high, isTie: low <= rounding && high >= -rounding, numRows };
}

/** The scores of some test rows. */
export interface RowScores {
  readonly rows: readonly number[];
  readonly scores: readonly number[];
}

/**
 * The same for scores that are means over rows, where a run of each seed scored rows of its own and runs of one seed the same ones: both sides
 * have the same seeds in the same order, and what is drawn is a row under a seed.
 */
export function pairedBootstrapOfScores(first: readonly RowScores[], second: readonly RowScores[], stream: RandomStream): PairedDifference {
  requireSameRows(first.length, second.length);
  const gains = first.flatMap(({ rows, scores }, seed) => {
    const other = second[seed] ?? { rows: [], scores: [] };
    if (rows.join() !== other.rows.join()) throw new Error("paired bootstrap: runs of one seed have different test rows");
    return scores.map((score, at) => score - (other.scores[at] ?? Number.NaN));
  });
  if (gains.length === 0) throw new Error(noRow);
  return intervalOf(gains.length, stream, (drawn) => drawn.reduce((sum, at) => sum + (gains[at] ?? 0), 0) / drawn.length);
}

/** Share of right answers in one text of "1" and "0". */
export function shareOfRight(correct: string): number {
  return mean(rowMeans([correct]));
}

const noRow = "paired bootstrap: there is no test row";

function requireSameRows(first: number, second: number): void {
  if (first !== second) throw new Error(`paired bootstrap: ${first} rows beside ${second}: both sides need the same test rows`);
}

function rowMeans(texts: readonly string[]): Float64Array {
  const [head] = texts;
  if (head === undefined || head.length === 0) throw new Error(noRow);
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
