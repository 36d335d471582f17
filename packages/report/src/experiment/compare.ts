import type { Protocol } from "@tutti/core";
import type { ExperimentResult, LabRun, PairedDifference } from "@tutti/record";
import { axesOf, eitherAxes, fewestSeeds, type Grid, type GridColumn, type GridRow, gridOf } from "@tutti/record";
import { cellSummary, differenceOf, numTextsOf, reportedProtocols } from "./scoreTable.ts";
import { differingSettings, type SettingDifference } from "./settingDifferences.ts";
import { listText, textsText } from "./text.ts";

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
    /** Texts behind both, such as `of 288 texts`; null where results do not say. */
    readonly texts: string | null;
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
  readonly notes: readonly string[];
}

/** Compares lines of the same name on the same task; where each side has one line, these two whatever their names. */
export function compareExperiments(first: ExperimentResult, second: ExperimentResult): Comparison {
  const names = { first: first.name, second: second.name };
  const axes = eitherAxes(axesOf(first.runs), axesOf(second.runs));
  const [a, b] = [gridOf(first.runs, axes), gridOf(second.runs, axes)];
  const pairs = pairsOf(a, b).map((pair) => ({ ...pair, isOtherData: isOtherData(first, second, pair.columns[0].task) }));
  if (pairs.length === 0) return { ...names, settings: [], cells: [], notes: [whyNothing(a, b)] };
  const cells = pairs.map(comparedCell);
  return { ...names, settings: differingSettings(pairs.map(({ runs }) => runs)), cells, notes: notesOf(pairs, cells, a, b) };
}

interface Pair {
  readonly rows: readonly [GridRow, GridRow];
  readonly columns: readonly [GridColumn, GridColumn];
  readonly runs: readonly [readonly LabRun[], readonly LabRun[]];
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
      : [{ protocol, first: x, second: y, difference: y - x, texts: textsText(numTextsOf([...first, ...second], protocol, "final")) }];
  });
  const seedsOf = (runs: readonly LabRun[]) => runs.map(({ seed }) => seed).sort((x, y) => x - y);
  return {
    task: column.label,
    ...{ firstLabel: row.label, secondLabel: other.label, scores },
    paired: isOther ? null : differenceOf(column.metric, second, first, column.key),
    seeds: { first: seedsOf(first), second: seedsOf(second) },
  };
}

function whyNothing(a: Grid, b: Grid): string {
  const [left, right] = [a, b].map((grid) => [...new Set(grid.columns.map(({ task }) => task))]);
  const common = left?.filter((task) => right?.includes(task)) ?? [];
  if (left?.length === 0 || right?.length === 0)
    return `Nothing can be compared: the ${left?.length === 0 ? "first" : "second"} experiment has no run.`;
  if (common.length === 0)
    return `Nothing can be compared: the first is of ${listText(left ?? [])}, the second of ${listText(right ?? [])}.`;
  const [mine, yours] = [a, b].map((grid) => {
    const columns = grid.columns.filter(({ task }) => common.includes(task)).map(({ label }) => label);
    return `${listText(grid.rows.map(({ label }) => label))} (${columns.join("; ")})`;
  });
  return `Nothing can be compared: on ${listText(common)} no line that finished is in both under the same conditions. The first has ${mine}; the second has ${yours}.`;
}

function notesOf(pairs: readonly Pair[], cells: readonly ComparedCell[], a: Grid, b: Grid): string[] {
  const seedsDiffer = cells.some(({ seeds }) => seeds.first.join() !== seeds.second.join());
  const untested = cells.filter(({ paired }) => paired === null);
  const lengths = (runs: readonly LabRun[]) => runs.map(({ correct }) => correct?.length ?? 0);
  const otherData = pairs.filter((pair) => pair.isOtherData);
  const otherRows = pairs.filter(
    ({ runs: [first, second], isOtherData: isOther }) =>
      !isOther && new Set([...lengths(first), ...lengths(second)].filter((rows) => rows > 0)).size > 1,
  );
  const renamed = cells.filter(({ firstLabel, secondLabel }) => firstLabel !== secondLabel);
  const leftOut = [a, b].map((grid, side) =>
    grid.rows.filter(({ key }) => !pairs.some(({ rows }) => rows[side === 0 ? 0 : 1].key === key)).map(({ label }) => label),
  );
  const [onlyFirst = [], onlySecond = []] = leftOut;
  return [
    ...(renamed.length > 0 ? ["Each side has one line on these tasks, so that lines of different names are compared."] : []),
    ...(seedsDiffer ? ["The sides have different seeds: part of a difference may be theirs."] : []),
    ...(otherData.length > 0
      ? [
          `The rows are not the same on ${tasksOf(otherData)}: the hashes of the data files differ, so test rows are not paired, there is no interval and the difference means little.`,
        ]
      : []),
    ...(otherRows.length > 0
      ? [
          `The test rows are not the same on ${tasksOf(otherRows)}: a different split or data file, so there is no interval and the difference means little.`,
        ]
      : []),
    ...(untested.length > otherRows.length + otherData.length
      ? ["Where there is no interval, answers are not known by test row in every run."]
      : []),
    ...(cells.every(hasEnoughSeeds)
      ? []
      : [
          `With fewer than ${fewestSeeds} seeds on a side nothing is known of how the numbers vary from seed to seed: neither is called better.`,
        ]),
    ...(onlyFirst.length > 0 ? [`Only in the first: ${listText(onlyFirst)}.`] : []),
    ...(onlySecond.length > 0 ? [`Only in the second: ${listText(onlySecond)}.`] : []),
  ];
}

const tasksOf = (pairs: readonly Pair[]) => listText([...new Set(pairs.map(({ columns: [column] }) => column.label))]);
