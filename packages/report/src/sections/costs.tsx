/** @jsxRuntime automatic */
/** @jsxImportSource preact */
import { costTables, type Grid, type RunRecord, tradeoffPoints } from "@tutti/record";
import { Figures, Legend, Remarks, Table } from "../elements.tsx";
import { tradeoffFigure } from "../figures/tradeoff.ts";
import { timeLines, trafficLines } from "../runTable.ts";
import { costCaption, costNotes, tradeoffNote } from "../sentences/costs.ts";
import { breakEvenText } from "../sentences/runs.ts";
import { meanBytesText } from "../text.ts";
import { costHeads, runHeads, titles } from "../words.ts";

/** Bytes and seconds of each method. */
export function CostSection({ grid }: { readonly grid: Grid }) {
  return (
    <>
      {costTables(grid).map(({ conditions, costs }) => (
        <Table
          key={conditions}
          caption={costCaption(conditions)}
          head={["method", ...costHeads, "runs"]}
          lines={costs.map(({ row, ...cost }) => ({
            cells: [
              row.label,
              ...[cost.bytesUp, cost.bytesDown, cost.bytesStagesAB, cost.bytesEvaluation].map(meanBytesText),
              ...[cost.secondsTraining, cost.secondsTotal].map((seconds) => seconds.toFixed(1)),
              String(cost.numRuns),
            ],
            isControl: row.isControl,
          }))}
        />
      ))}
      <Remarks texts={costNotes} />
    </>
  );
}

/** Bytes and time of one run. */
export function RunCostSection({ run }: { readonly run: RunRecord }) {
  const traffic = trafficLines(run);
  const breakEven = breakEvenText(run);
  return (
    <div class="pair">
      {traffic.length === 0 ? null : (
        <div>
          <Table caption={titles.traffic} head={runHeads.traffic} lines={traffic.map((cells) => ({ cells }))} />
          {breakEven === null ? null : <p class="soft">{breakEven}</p>}
        </div>
      )}
      <Table caption={titles.time} head={runHeads.time} lines={timeLines(run).map((cells) => ({ cells }))} />
    </div>
  );
}

/** Whether methods can be placed by score and bytes. */
export const hasTradeoff = (grid: Grid) =>
  grid.columns.some((column) => tradeoffPoints(grid, column, "global").filter(({ cost }) => cost > 0).length > 1);

/** Score against bytes, a figure for each task. */
export function TradeoffSection({ grid }: { readonly grid: Grid }) {
  const all = grid.columns.map((column) => tradeoffFigure(grid, column, "global")).filter((figure) => figure !== null);
  return (
    <>
      <Remarks texts={[tradeoffNote]} />
      <Legend legend={all[0]?.legend ?? []} />
      <Figures figures={all.map((figure) => ({ ...figure, legend: [] }))} />
    </>
  );
}
