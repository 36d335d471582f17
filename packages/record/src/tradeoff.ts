import type { Protocol } from "@tutti/core";
import { bytesOf } from "./costs.ts";
import type { Grid, GridColumn, GridRow } from "./grid.ts";
import { cellSummary } from "./scoreTable.ts";
import { paretoFront } from "./statistics/pareto.ts";
import { summarise } from "./statistics/summary.ts";

/** A method's mean score and traffic on a task. */
export interface TradeoffPoint {
  readonly row: GridRow;
  readonly score: number;
  /** Bytes both ways, Stages A and B included, evaluations left out. */
  readonly cost: number;
  readonly isOnFront: boolean;
}

/** Score against bytes; a control is shown, but not on the front. */
export function tradeoffPoints(grid: Grid, column: GridColumn, protocol: Protocol): TradeoffPoint[] {
  const points = grid.rows.flatMap((row) => {
    const runs = grid.runsOf(row, column);
    const score = cellSummary(runs, protocol, "final")?.mean;
    const cost = summarise(runs.map(bytesOf))?.mean;
    return score === undefined || cost === undefined ? [] : [{ row, score, cost }];
  });
  const front = new Set(paretoFront(points.filter(({ row }) => !row.isControl)));
  return points.map((point) => ({ ...point, isOnFront: front.has(point) }));
}
