import { createRandom, type Metric, type Protocol } from "@tutti/core";
import type { ExperimentResult, LabRun } from "@tutti/record";
import {
  fewestSeeds,
  type Grid,
  type GridColumn,
  type GridRow,
  gridOf,
  type PairedDifference,
  pairedBootstrap,
  pairedBootstrapOf,
  type RowAnswers,
  type Summary,
  summarise,
} from "@tutti/record";
import { textsText } from "./text.ts";

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
  /** By column, such as `of 288 texts`; null where results do not say. */
  readonly texts: readonly (string | null)[];
  readonly rows: readonly { readonly row: GridRow; readonly cells: readonly ScoreCell[] }[];
  readonly controls: readonly { readonly label: string; readonly cells: readonly (number | null)[] }[];
}

/** Said in every form of the report beside what is bold and the mark of a tie. */
export const tieScope = `Differences are tested under the global protocol, after the last round, where every answer is known, with ${fewestSeeds} seeds or more; where nothing is tested, nothing is bold.`;

/** What bold says, behind a sentence; nothing where nothing is bold. */
export function boldText(tables: readonly ScoreTable[]): string {
  const isAny = tables.some(({ rows }) => rows.some(({ cells }) => cells.some(({ isBest }) => isBest)));
  return isAny ? " Bold is the best of a column: a mean that the test finds above that of every other method." : "";
}

/** Said wherever the round that validation chose is shown. */
export const bestRoundScope =
  "The round chosen on validation is the one with the highest global score there, whatever protocol a table is of.";

const nameOfMoment = { final: "after the last round", best: "in the round chosen on validation" } as const;

/** Such as `global, after the last round`. */
export function tableTitle({ protocol, moment }: Pick<ScoreTable, "protocol" | "moment">): string {
  return `${protocol}, ${nameOfMoment[moment]}`;
}

/** A run's score under a protocol, in the task's metric. */
export function scoreOf(run: LabRun, protocol: Protocol, moment: Moment): number | null {
  return (moment === "final" ? run.final[protocol] : run.best?.scores[protocol])?.score ?? null;
}

/** Texts behind each of the runs' scores; one that does not say has as many as its answers, which are known of one protocol and moment. */
export function numTextsOf(runs: readonly LabRun[], protocol: Protocol, moment: Moment): number[] {
  return runs.flatMap((run) => {
    const scores = moment === "final" ? run.final[protocol] : run.best?.scores[protocol];
    const known = protocol === "global" && moment === "final" ? run.correct?.length : undefined;
    return scores === undefined ? [] : (scores.numTexts ?? known ?? []);
  });
}

/** Mean and deviation over a cell's seeds; null where nothing was measured. */
export function cellSummary(runs: readonly LabRun[], protocol: Protocol, moment: Moment): Summary | null {
  return summarise(runs.map((run) => scoreOf(run, protocol, moment)).filter((score) => score !== null));
}

/** The table of one protocol and moment; `name` seeds the bootstrap, so that the same experiment always says the same. */
export function scoreTable(grid: Grid, protocol: Protocol, moment: Moment, name: string): ScoreTable {
  const columns = grid.columns.map((column) => columnCells(grid, column, { protocol, moment, name }));
  const rows = grid.rows.map((row, index) => ({ row, cells: columns.map((cells) => cells[index] ?? emptyCell) }));
  const measured = rows.filter(({ cells }) => cells.some(isMeasured));
  const texts = grid.columns.map((column) => textsText(grid.rows.flatMap((row) => numTextsOf(grid.runsOf(row, column), protocol, moment))));
  return { protocol, moment, numSeeds: grid.numSeeds, columns: grid.columns, texts, rows: measured, controls: controlRows(grid) };
}

/** An experiment's lines and columns, and all of its tables: what every form of the report shows. */
export interface Analysis {
  readonly grid: Grid;
  readonly tables: readonly ScoreTable[];
}

/** Tables of all protocols and moments that have a score; the bootstrap makes this the long part of a report. */
export function analyse({ runs, name }: Pick<ExperimentResult, "runs" | "name">): Analysis {
  const grid = gridOf(runs);
  const tables = reportedProtocols.flatMap((protocol) =>
    (["final", "best"] as const).map((moment) => scoreTable(grid, protocol, moment, name)),
  );
  return { grid, tables: tables.filter(({ rows }) => rows.length > 0) };
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
export function differenceOf(metric: Metric, first: readonly LabRun[], second: readonly LabRun[], name: string): PairedDifference | null {
  // One stream per column: every pair of a column is judged on the same draws of test rows.
  const stream = createRandom(0).stream({ purpose: `paired bootstrap/${name}` });
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
function marksOf(runs: readonly LabRun[]): string[] {
  const known = runs.flatMap(({ correct }) => (correct === null || correct === "" ? [] : [correct]));
  return known.length === runs.length ? known : [];
}

/** Classes by test row, run by run; none where one of the runs lacks them. */
function answersOf(runs: readonly LabRun[]): RowAnswers[] {
  const known = runs.flatMap(({ answers }) => answers ?? []);
  return known.length === runs.length ? known : [];
}

function controlRows(grid: Grid): ScoreTable["controls"] {
  const meanOf = (column: GridColumn, control: keyof LabRun["controls"]) => {
    const values = grid.rows.flatMap((row) => grid.runsOf(row, column)).map(({ controls }) => controls[control]);
    return summarise(values.filter((value) => value !== null))?.mean ?? null;
  };
  return [
    { label: "Majority class", cells: grid.columns.map((column) => meanOf(column, "majority")) },
    { label: "Zero-shot", cells: grid.columns.map((column) => meanOf(column, "zeroShot")) },
  ];
}
