import { type Grid, type OtherModel, otherModelsOf } from "@tutti/record";
import { summaryText, textsText, withRemarks } from "./text.ts";
import { metricNames } from "./words.ts";

/** A line of the table for each: method, task with its metric, model, score and texts. */
export function otherModelLines(grid: Grid): string[][] {
  return otherModelsOf(grid).map(({ row, column, name, summary, texts }: OtherModel) => [
    row.label,
    withRemarks(column.label, [metricNames[column.metric]]),
    name,
    summaryText(summary),
    textsText(texts)?.replace(/^of /, "") ?? "–",
  ]);
}
