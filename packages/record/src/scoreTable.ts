import { createRandom, isTextMetric, type MainMetric, type Protocol } from "@tutti/core";
import type { ExperimentResult } from "./experimentResult.ts";
import { type Grid, type GridColumn, type GridRow, gridOf } from "./grid.ts";
import type { RunRecord, RunScores } from "./runRecord.ts";
import {
  type PairedDifference,
  pairedBootstrap,
  pairedBootstrapOf,
  pairedBootstrapOfScores,
  type RowAnswers,
  type RowScores,
} from "./statistics/bootstrap.ts";
import { fewestSeeds, type Summary, summarise } from "./statistics/summary.ts";

/** Protocols in the order of the report. */
export const reportedProtocols = ["personalised", "global", "newcomer"] as const;

/** The final round, or the one with the highest score on the validation split. */
export type Moment = "final" | "best";

/** A method on a task. */
export interface ScoreCell {
  readonly summary: Summary | null;
  /** Whether no other method of the column has a higher mean. */
  readonly isTop: boolean;
  /** Whether the test says so: every other method of the column is tested against this one, and the interval of none contains 0. */
  readonly isBest: boolean;
  /**
   * Score of the highest mean minus this one's; null for the highest itself (of equals the first), for controls, and where nothing is tested: too few seeds, or answers to
   * the test split that are not known row by row.
   */
  readonly behindTop: PairedDifference | null;
}

/** Methods × tasks under one protocol at one moment; controls stand below the methods. */
export interface ScoreTable {
  readonly protocol: Protocol;
  readonly moment: Moment;
  /** Seeds of the experiment: a mean over fewer says so. */
  readonly numSeeds: number;
  readonly columns: readonly GridColumn[];
  /** By column, of how many texts the scores are; null where results do not say. */
  readonly texts: readonly (CountRange | null)[];
  readonly rows: readonly { readonly row: GridRow; readonly cells: readonly ScoreCell[] }[];
  readonly controls: readonly { readonly control: Control; readonly cells: readonly (number | null)[] }[];
}

/** What no training is needed for: always the commonest class, and the backbone with label words alone. */
export type Control = "majority" | "zeroShot";

/** The least and the most of some counts. */
export interface CountRange {
  readonly least: number;
  readonly most: number;
}

/** The least and the most; null without counts. */
export function rangeOf(counts: readonly number[]): CountRange | null {
  return counts.length === 0 ? null : { least: Math.min(...counts), most: Math.max(...counts) };
}

/** A run's scores under a protocol at a moment. */
export function scoresAt(run: RunRecord, protocol: Protocol, moment: Moment): RunScores | undefined {
  return moment === "final" ? run.final[protocol] : run.best?.scores[protocol];
}

/** Texts behind each of the runs' scores; one that does not say has as many as its answers, which are known of one protocol and moment. */
export function numTextsOf(runs: readonly RunRecord[], protocol: Protocol, moment: Moment): number[] {
  return runs.flatMap((run) => {
    const scores = scoresAt(run, protocol, moment);
    const known = protocol === "global" && moment === "final" ? run.correct?.length : undefined;
    return scores === undefined ? [] : (scores.numTexts ?? known ?? []);
  });
}

/** Mean and deviation over a cell's seeds; null where nothing was measured. */
export function cellSummary(runs: readonly RunRecord[], protocol: Protocol, moment: Moment): Summary | null {
  return summarise(runs.flatMap((run) => scoresAt(run, protocol, moment)?.score ?? []));
}

/** The table of one protocol and moment; `name` seeds the bootstrap, so that the same experiment always says the same. */
export function scoreTable(grid: Grid, protocol: Protocol, moment: Moment, name: string): ScoreTable {
  const columns = grid.columns.map((column) => columnCells(grid, column, { protocol, moment, name }));
  const rows = grid.rows.map((row, index) => ({ row, cells: columns.map((cells) => cells[index] ?? emptyCell) }));
  const measured = rows.filter(({ cells }) => cells.some(isMeasured));
  const texts = grid.columns.map((column) => rangeOf(grid.rows.flatMap((row) => numTextsOf(grid.runsOf(row, column), protocol, moment))));
  return { protocol, moment, numSeeds: grid.numSeeds, columns: grid.columns, texts, rows: measured, controls: controlRows(grid) };
}

/** How far the devices of a method's runs lie apart on a task: means over its seeds. */
export interface SpreadCell {
  readonly mean: Summary;
  readonly worstTenth: Summary;
  readonly meanLoss: Summary;
  readonly worstTenthLoss: Summary;
  readonly devices: CountRange;
}

/** Devices measured by themselves, after the last round: methods × tasks; null where a method's runs do not say. */
export interface SpreadTable {
  readonly columns: readonly GridColumn[];
  readonly rows: readonly { readonly row: GridRow; readonly cells: readonly (SpreadCell | null)[] }[];
}

/** How far devices lie apart, for the lines that say so. */
export function spreadTable(grid: Grid): SpreadTable {
  const rows = grid.rows.map((row) => ({ row, cells: grid.columns.map((column) => spreadCell(grid.runsOf(row, column))) }));
  return { columns: grid.columns, rows: rows.filter(({ cells }) => cells.some((cell) => cell !== null)) };
}

function spreadCell(runs: readonly RunRecord[]): SpreadCell | null {
  const spreads = runs.flatMap(({ final }) => final.personalised?.spread ?? []);
  const over = (of: (spread: (typeof spreads)[number]) => number) => summarise(spreads.map(of));
  const [mean, worstTenth] = [over(({ meanAccuracy }) => meanAccuracy), over(({ worstTenthAccuracy }) => worstTenthAccuracy)];
  const [meanLoss, worstTenthLoss] = [over((spread) => spread.meanLoss), over((spread) => spread.worstTenthLoss)];
  const devices = rangeOf(spreads.map(({ numDevices }) => numDevices));
  if (mean === null || worstTenth === null || meanLoss === null || worstTenthLoss === null || devices === null) return null;
  return { mean, worstTenth, meanLoss, worstTenthLoss, devices };
}

/** An experiment's lines and columns, and all of its tables: what every form of the report shows. */
export interface Analysis {
  readonly grid: Grid;
  readonly tables: readonly ScoreTable[];
  readonly spread: SpreadTable;
}

/** Tables of all protocols and moments that have a score; the bootstrap makes this the long part of a report. */
export function analyse({ runs, name }: Pick<ExperimentResult, "runs" | "name">): Analysis {
  const grid = gridOf(runs);
  const tables = reportedProtocols.flatMap((protocol) =>
    (["final", "best"] as const).map((moment) => scoreTable(grid, protocol, moment, name)),
  );
  return { grid, tables: tables.filter(({ rows }) => rows.length > 0), spread: spreadTable(grid) };
}

const emptyCell: ScoreCell = { summary: null, isTop: false, isBest: false, behindTop: null };
const isMeasured = ({ summary }: ScoreCell) => summary !== null;

interface TableKind {
  readonly protocol: Protocol;
  readonly moment: Moment;
  readonly name: string;
}

function columnCells(grid: Grid, column: GridColumn, { protocol, moment, name }: TableKind): ScoreCell[] {
  const summaries = grid.rows.map((row) => cellSummary(grid.runsOf(row, column), protocol, moment));
  const competing = summaries.map((summary, index) => (grid.rows[index]?.isControl ? null : summary));
  const means = competing.filter((summary) => summary !== null).map(({ mean }) => mean);
  const top = means.length > 1 ? Math.max(...means) : Number.NaN;
  const topIndex = competing.findIndex((summary) => summary?.mean === top);
  const topRow = grid.rows[topIndex];
  const runsOf = (row: GridRow) => grid.runsOf(row, column);
  const isTested = (row: GridRow) => protocol === "global" && moment === "final" && runsOf(row).length >= fewestSeeds;
  const cells = grid.rows.map((row, index): ScoreCell => {
    const isTop = competing[index]?.mean === top;
    const isCompared = topRow !== undefined && competing[index] !== null && index !== topIndex && isTested(topRow) && isTested(row);
    const behindTop = isCompared ? differenceOf(column.metric, runsOf(topRow), runsOf(row), `${name}/${column.key}`) : null;
    return { summary: summaries[index] ?? null, isTop, isBest: false, behindTop };
  });
  const others = cells.filter((_, index) => index !== topIndex && competing[index] !== null);
  const isBest = topRow !== undefined && others.every(({ behindTop }) => behindTop?.isTie === false);
  return cells.map((cell, index) => ({ ...cell, isBest: isBest && index === topIndex }));
}

/** Difference of two sets of runs on the same test rows, in their metric; null where a run's answers are not known row by row. */
export function differenceOf(
  metric: MainMetric,
  first: readonly RunRecord[],
  second: readonly RunRecord[],
  name: string,
): PairedDifference | null {
  // One stream per column: every pair of a column is judged on the same draws of test rows.
  const stream = createRandom(0).stream({ purpose: `paired bootstrap/${name}` });
  if (isTextMetric(metric)) {
    const [a, b] = [answerScoresOf(first), answerScoresOf(second)];
    const rowsOf = (runs: readonly SeedScores[]) => runs.map(({ seed, rows }) => `${seed}: ${rows.join()}`).join("\n");
    return a.length > 0 && rowsOf(a) === rowsOf(b) ? pairedBootstrapOfScores(a, b, stream) : null;
  }
  if (metric === "accuracy") {
    const [a, b] = [marksOf(first), marksOf(second)];
    return areOfSameRows(a, b, ({ length }) => length) ? pairedBootstrap(a, b, stream) : null;
  }
  const [a, b] = [answersOf(first), answersOf(second)];
  return areOfSameRows(a, b, ({ labels }) => labels.join()) ? pairedBootstrapOf(metric, a, b, stream) : null;
}

function areOfSameRows<T>(first: readonly T[], second: readonly T[], rowsOf: (run: T) => unknown): boolean {
  return first.length > 0 && second.length > 0 && new Set([...first, ...second].map(rowsOf)).size === 1;
}

/** Right and wrong by test row, a text per run; none where one of the runs lacks it. */
function marksOf(runs: readonly RunRecord[]): string[] {
  const known = runs.flatMap(({ correct }) => (correct === null || correct === "" ? [] : [correct]));
  return known.length === runs.length ? known : [];
}

/** Classes by test row, run by run; none where one of the runs lacks them. */
function answersOf(runs: readonly RunRecord[]): RowAnswers[] {
  const known = runs.flatMap(({ answers }) => answers ?? []);
  return known.length === runs.length ? known : [];
}

type SeedScores = RowScores & { readonly seed: number };

/** Scores of compared answers, in the order of the seeds; none where one of the runs lacks them. */
function answerScoresOf(runs: readonly RunRecord[]): SeedScores[] {
  const known = runs.flatMap(({ answerScores, seed }) => (answerScores ? [{ ...answerScores, seed }] : []));
  return known.length === runs.length ? known.sort((x, y) => x.seed - y.seed) : [];
}

function controlRows(grid: Grid): ScoreTable["controls"] {
  const meanOf = (column: GridColumn, control: Control) => {
    const values = grid.rows.flatMap((row) => grid.runsOf(row, column)).map(({ controls }) => controls[control]);
    return summarise(values.filter((value) => value !== null))?.mean ?? null;
  };
  return [
    { control: "majority", cells: grid.columns.map((column) => meanOf(column, "majority")) },
    { control: "zeroShot", cells: grid.columns.map((column) => meanOf(column, "zeroShot")) },
  ];
}
