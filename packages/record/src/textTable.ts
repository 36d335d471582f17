import { isTextMetric, type Protocol, type TextScores } from "@tutti/core";
import type { Grid, GridColumn, GridRow } from "./grid.ts";
import type { RunRecord, RunScores } from "./runRecord.ts";
import { type CountRange, rangeOf, reportedProtocols } from "./scoreTable.ts";
import { type Summary, summarise } from "./statistics/summary.ts";
import type { TextMeasures } from "./textRecord.ts";

/** The scores of texts in the order of the report. */
export const textScoreNames = [
  "rougeL",
  "exactMatch",
  "tokenAccuracy",
  "perplexityPerToken",
  "lossPerToken",
  "perplexityPerByte",
  "lossPerByte",
] as const satisfies (keyof TextScores)[];

/** Every score of texts as means over seeds; null where none was measured. */
export type TextSummaries = Readonly<Record<keyof TextScores, Summary | null>>;

/** Methods under one protocol on a task whose answers are texts, after the last round, beside the backbone without what they tune. */
export interface TextTable {
  readonly column: GridColumn;
  readonly protocol: Protocol;
  readonly rows: readonly { readonly row: GridRow; readonly cells: TextSummaries }[];
  /** Null where the backbone alone was not measured. */
  readonly untuned: TextSummaries | null;
  /** Texts that were answered. */
  readonly texts: CountRange | null;
}

/** A table for each protocol that has scores of texts, task by task. */
export function textTables(grid: Grid): TextTable[] {
  const columns = grid.columns.filter(({ metric }) => isTextMetric(metric));
  return columns.flatMap((column) => reportedProtocols.flatMap((protocol) => tableOf(grid, column, protocol)));
}

/** What was measured of the backbone alone; undefined where nothing was. */
export function untunedScores({ curve }: Pick<RunRecord, "curve">): RunScores | undefined {
  return curve.find(({ protocol, split }) => protocol === "zeroShot" && split === "test");
}

function tableOf(grid: Grid, column: GridColumn, protocol: Protocol): TextTable[] {
  const measured = grid.rows.map((row) => {
    const runs = grid.runsOf(row, column);
    return { row, runs, found: runs.flatMap(({ final }) => final[protocol]?.text ?? []) };
  });
  const rows = measured.filter(({ found }) => found.length > 0).map(({ row, found }) => ({ row, cells: summaries(found) }));
  if (rows.length === 0) return [];
  const alone = measured.flatMap(({ runs }) => runs).flatMap((run) => untunedScores(run)?.text ?? []);
  const texts = rangeOf(measured.flatMap(({ found }) => found.map(({ numExamples }) => numExamples)));
  return [{ column, protocol, rows, untuned: alone.length === 0 ? null : summaries(alone), texts }];
}

function summaries(measured: readonly TextMeasures[]): TextSummaries {
  const over = (name: keyof TextScores) => summarise(measured.map((scores) => scores[name]).filter((value) => value !== null));
  return Object.fromEntries(textScoreNames.map((name) => [name, over(name)] as const)) as TextSummaries;
}
