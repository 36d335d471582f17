import type { Grid, GridRow } from "./grid.ts";
import type { RunRecord } from "./runRecord.ts";
import { summarise } from "./statistics/summary.ts";

/** What a method costs a run on average. */
export interface Cost {
  readonly row: GridRow;
  readonly numRuns: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Both ways; part of the two above. */
  readonly bytesStagesAB: number;
  /** Both ways; apart from the two above. */
  readonly bytesEvaluation: number;
  readonly secondsTraining: number;
  readonly secondsTotal: number;
}

/** What Stages A, B and C put on the wire, both ways; evaluations are apart, and pages, backbone and data are left out. */
export const bytesOf = ({ bytes }: RunRecord): number => bytes.up + bytes.down;

/** Mean costs by conditions, over the tasks and seeds in them: one table each. */
export function costTables(grid: Grid): { readonly conditions: string; readonly costs: readonly Cost[] }[] {
  return [...new Set(grid.columns.map(({ conditions }) => conditions))].map((conditions) => {
    const columns = grid.columns.filter((column) => column.conditions === conditions);
    const costs = grid.rows
      .map((row) => ({ row, runs: columns.flatMap((column) => grid.runsOf(row, column)) }))
      .filter(({ runs }) => runs.length > 0)
      .map(({ row, runs }) => costOf(row, runs));
    return { conditions, costs };
  });
}

function costOf(row: GridRow, runs: readonly RunRecord[]): Cost {
  const mean = (value: (run: RunRecord) => number) => summarise(runs.map(value))?.mean ?? 0;
  return {
    row,
    numRuns: runs.length,
    bytesUp: mean(({ bytes }) => bytes.up),
    bytesDown: mean(({ bytes }) => bytes.down),
    bytesStagesAB: mean(({ bytes }) => bytes.stagesAB),
    bytesEvaluation: mean(({ bytes }) => bytes.evaluation),
    secondsTraining: mean(({ seconds }) => seconds.scoring + seconds.counting + seconds.training),
    secondsTotal: mean(({ seconds }) => seconds.total),
  };
}
