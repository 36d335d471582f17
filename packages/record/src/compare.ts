import type { Protocol } from "@tutti/core";
import type { ExperimentResult } from "./experimentResult.ts";
import { axesOf, eitherAxes, type Grid, type GridColumn, type GridRow, gridOf } from "./grid.ts";
import type { RunRecord } from "./runRecord.ts";
import { type CountRange, cellSummary, differenceOf, numTextsOf, rangeOf, reportedProtocols } from "./scoreTable.ts";
import { differingSettings, type SettingDifference } from "./settingDifferences.ts";
import type { PairedDifference } from "./statistics/bootstrap.ts";
import { fewestSeeds } from "./statistics/summary.ts";

/** Two lines of two experiments on the same task. */
export interface ComparedCell {
  readonly task: string;
  readonly firstLabel: string;
  readonly secondLabel: string;
  readonly scores: readonly {
    readonly protocol: Protocol;
    readonly first: number;
    readonly second: number;
    /** Second minus first, in the task's metric. */
    readonly difference: number;
    /** Texts behind both; null where results do not say. */
    readonly texts: CountRange | null;
  }[];
  /**
   * Second minus first under the global protocol, with its 95 % interval; null where answers are not known by test row, or where the sides had
   * other rows.
   */
  readonly paired: PairedDifference | null;
  readonly seeds: { readonly first: readonly number[]; readonly second: readonly number[] };
}

/** Whether both sides have the seeds that it takes to call one better. */
export function hasEnoughSeeds({ seeds: { first, second } }: Pick<ComparedCell, "seeds">): boolean {
  return Math.min(first.length, second.length) >= fewestSeeds;
}

/** What two experiments have in common, where their settings differ and by how much their scores. */
export interface Comparison {
  readonly first: string;
  readonly second: string;
  /** Settings that differ in every pair of runs that is compared. */
  readonly settings: readonly SettingDifference[];
  readonly cells: readonly ComparedCell[];
  /** What has to be known of the comparison, or why there is none. */
  readonly remarks: readonly Remark[];
}

/** Something that has to be known of a comparison. */
export type Remark =
  /** There is none: a side has no run, the sides have no task in common, or no line under the same conditions. */
  | { readonly kind: "noRun"; readonly side: "first" | "second" }
  | { readonly kind: "noTask"; readonly first: readonly string[]; readonly second: readonly string[] }
  | { readonly kind: "noLine"; readonly tasks: readonly string[]; readonly first: LinesOf; readonly second: LinesOf }
  /** Lines of different names are compared, since each side has one. */
  | { readonly kind: "otherNames" }
  | { readonly kind: "otherSeeds" }
  /** The files of a data set are not the same. */
  | { readonly kind: "otherData"; readonly tasks: readonly string[] }
  /** The test rows are not as many. */
  | { readonly kind: "otherRows"; readonly tasks: readonly string[] }
  /** Some run does not say its answers row by row. */
  | { readonly kind: "noAnswers" }
  | { readonly kind: "fewSeeds" }
  | { readonly kind: "onlyIn"; readonly side: "first" | "second"; readonly lines: readonly string[] };

interface LinesOf {
  readonly lines: readonly string[];
  readonly columns: readonly string[];
}

/** Compares lines of the same name on the same task; where each side has one line, these two whatever their names. */
export function compareExperiments(first: ExperimentResult, second: ExperimentResult): Comparison {
  const names = { first: first.name, second: second.name };
  const axes = eitherAxes(axesOf(first.runs), axesOf(second.runs));
  const [a, b] = [gridOf(first.runs, axes), gridOf(second.runs, axes)];
  const pairs = pairsOf(a, b).map((pair) => ({ ...pair, isOtherData: isOtherData(first, second, pair.columns[0].task) }));
  if (pairs.length === 0) return { ...names, settings: [], cells: [], remarks: [whyNothing(a, b)] };
  const cells = pairs.map(comparedCell);
  return { ...names, settings: differingSettings(pairs.map(({ runs }) => runs)), cells, remarks: remarksOf(pairs, cells, [a, b]) };
}

interface Pair {
  readonly rows: readonly [GridRow, GridRow];
  readonly columns: readonly [GridColumn, GridColumn];
  readonly runs: readonly [readonly RunRecord[], readonly RunRecord[]];
  /** Whether the sides' hashes say that the task's files are not the same: the test rows are then not paired, though they may be as many. */
  readonly isOtherData: boolean;
}

/** Whether both sides have a hash of the task's rows, and not the same one. */
function isOtherData(first: ExperimentResult, second: ExperimentResult, task: string): boolean {
  const [mine, yours] = [first, second].map(({ data = [] }: Partial<ExperimentResult>) => data.find((one) => one.task === task)?.rows);
  return typeof mine === "string" && typeof yours === "string" && mine !== yours;
}

function pairsOf(a: Grid, b: Grid): Omit<Pair, "isOtherData">[] {
  const columns = a.columns.flatMap((left) =>
    b.columns.filter((right) => areAlike(left, right, a, b)).map((right) => [left, right] as const),
  );
  return columns.flatMap(([left, right]) => {
    const leftRows = a.rows.filter((row) => a.runsOf(row, left).length > 0);
    const rightRows = b.rows.filter((row) => b.runsOf(row, right).length > 0);
    const isOneEach = leftRows.length === 1 && rightRows.length === 1;
    const rows = leftRows.flatMap((row) =>
      rightRows.filter(({ key }) => isOneEach || key === row.key).map((other) => [row, other] as const),
    );
    return rows.map(([row, other]) => ({
      rows: [row, other] as const,
      columns: [left, right] as const,
      runs: [a.runsOf(row, left), b.runsOf(other, right)] as const,
    }));
  });
}

/** The same task and metric, under the same conditions where both experiments vary them. */
function areAlike(left: GridColumn, right: GridColumn, a: Grid, b: Grid): boolean {
  if (left.task !== right.task || left.metric !== right.metric) return false;
  const isOnly = (grid: Grid) => grid.columns.filter(({ task }) => task === left.task).length === 1;
  return left.conditions === right.conditions || (isOnly(a) && isOnly(b));
}

function comparedCell({ rows: [row, other], columns: [column], runs: [first, second], isOtherData: isOther }: Pair): ComparedCell {
  const scores = reportedProtocols.flatMap((protocol) => {
    const [x, y] = [first, second].map((runs) => cellSummary(runs, protocol, "final")?.mean);
    return x === undefined || y === undefined
      ? []
      : [{ protocol, first: x, second: y, difference: y - x, texts: rangeOf(numTextsOf([...first, ...second], protocol, "final")) }];
  });
  const seedsOf = (runs: readonly RunRecord[]) => runs.map(({ seed }) => seed).sort((x, y) => x - y);
  return {
    task: column.label,
    firstLabel: row.label,
    secondLabel: other.label,
    scores,
    paired: isOther ? null : differenceOf(column.metric, second, first, column.key),
    seeds: { first: seedsOf(first), second: seedsOf(second) },
  };
}

function whyNothing(a: Grid, b: Grid): Remark {
  const tasksIn = (grid: Grid) => [...new Set(grid.columns.map(({ task }) => task))];
  const [first, second] = [tasksIn(a), tasksIn(b)];
  if (first.length === 0 || second.length === 0) return { kind: "noRun", side: first.length === 0 ? "first" : "second" };
  const tasks = first.filter((task) => second.includes(task));
  if (tasks.length === 0) return { kind: "noTask", first, second };
  const linesIn = (grid: Grid): LinesOf => ({
    lines: grid.rows.map(({ label }) => label),
    columns: grid.columns.filter(({ task }) => tasks.includes(task)).map(({ label }) => label),
  });
  return { kind: "noLine", tasks, first: linesIn(a), second: linesIn(b) };
}

function remarksOf(pairs: readonly Pair[], cells: readonly ComparedCell[], [a, b]: readonly [Grid, Grid]): Remark[] {
  const otherData = pairs.filter((pair) => pair.isOtherData);
  const otherRows = pairs.filter((pair) => !pair.isOtherData && numsOfRows(pair).size > 1);
  const numUntested = cells.filter(({ paired }) => paired === null).length;
  const [onlyFirst, onlySecond] = [leftOut(a, pairs, 0), leftOut(b, pairs, 1)];
  const remarks: (Remark | false)[] = [
    cells.some(({ firstLabel, secondLabel }) => firstLabel !== secondLabel) && { kind: "otherNames" },
    cells.some(({ seeds }) => seeds.first.join() !== seeds.second.join()) && { kind: "otherSeeds" },
    otherData.length > 0 && { kind: "otherData", tasks: tasksOf(otherData) },
    otherRows.length > 0 && { kind: "otherRows", tasks: tasksOf(otherRows) },
    numUntested > otherRows.length + otherData.length && { kind: "noAnswers" },
    !cells.every(hasEnoughSeeds) && { kind: "fewSeeds" },
    onlyFirst.length > 0 && { kind: "onlyIn", side: "first", lines: onlyFirst },
    onlySecond.length > 0 && { kind: "onlyIn", side: "second", lines: onlySecond },
  ];
  return remarks.filter((remark) => remark !== false);
}

function numsOfRows({ runs: [first, second] }: Pair): Set<number> {
  return new Set([...first, ...second].map(({ correct }) => correct?.length ?? 0).filter((numRows) => numRows > 0));
}

/** Lines of a side that are in no pair. */
function leftOut(grid: Grid, pairs: readonly Pair[], side: 0 | 1): string[] {
  return grid.rows.filter(({ key }) => !pairs.some(({ rows }) => rows[side].key === key)).map(({ label }) => label);
}

const tasksOf = (pairs: readonly Pair[]) => [...new Set(pairs.map(({ columns: [column] }) => column.label))];
