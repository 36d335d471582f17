import type { Grid, GridColumn, GridRow } from "./grid.ts";
import { type CountRange, rangeOf } from "./scoreTable.ts";
import { type Summary, summarise } from "./statistics/summary.ts";

/** A model that a method's runs on a task leave beside the one that devices evaluate. */
export interface OtherModel {
  readonly row: GridRow;
  readonly column: GridColumn;
  readonly name: string;
  /** Of its main scores, over the seeds. */
  readonly summary: Summary;
  readonly texts: CountRange | null;
}

/** All of them, method by method, in the order in which the runs give them. */
export function otherModelsOf(grid: Grid): OtherModel[] {
  return grid.columns.flatMap((column) =>
    grid.rows.flatMap((row) => {
      const found = grid.runsOf(row, column).flatMap(({ otherModels = [] }) => otherModels);
      return [...new Set(found.map(({ name }) => name))].flatMap((name): OtherModel[] => {
        const own = found.filter((model) => model.name === name);
        const summary = summarise(own.map(({ score }) => score));
        return summary === null ? [] : [{ row, column, name, summary, texts: rangeOf(own.map(({ numTexts }) => numTexts)) }];
      });
    }),
  );
}
