import * as Plot from "@observablehq/plot";
import type { Protocol } from "@tutti/core";
import { paretoFront } from "../statistics/pareto.ts";
import { summarise } from "../statistics/summary.ts";
import { bytesOf } from "./costs.ts";
import { draw, type Figure, seriesStyle } from "./figure.ts";
import type { Grid, GridColumn, GridRow } from "./grid.ts";
import { cellSummary } from "./scoreTable.ts";
import { metricNames } from "./tasks.ts";

/** A method's mean score and traffic on a task. */
export interface TradeoffPoint {
  readonly row: GridRow;
  readonly score: number;
  /** Bytes both ways, Stages A and B included. */
  readonly cost: number;
  readonly isOnFront: boolean;
}

/** Score against bytes; a control is shown, but it is no part of the front. */
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

/** The figure of a task's trade-off; null where there is nothing to trade. */
export function tradeoffFigure(grid: Grid, column: GridColumn, protocol: Protocol): Figure | null {
  const points = tradeoffPoints(grid, column, protocol).filter(({ cost }) => cost > 0);
  if (points.length < 2) return null;
  const styled = points.map((point) => ({
    ...point,
    megabytes: point.cost / 1e6,
    style: seriesStyle(point.row.label, grid.rows.indexOf(point.row)),
    number: grid.rows.indexOf(point.row) + 1,
  }));
  const front = styled.filter(({ isOnFront }) => isOnFront).sort((a, b) => a.cost - b.cost);
  const name = metricNames[column.metric];
  const description = `${column.label}: ${name} against bytes on the wire, ${protocol} protocol. On the Pareto front, cheapest first: ${front.map(({ row, score, megabytes }) => `${row.label} (${score.toFixed(3)} at ${megabytes.toFixed(1)} MB)`).join(", ")}.`;
  const options: Plot.PlotOptions = {
    x: { label: "MB on the wire, up and down", type: "log", tickFormat: "~s", ticks: 5, nice: true },
    y: { label: name, grid: true, nice: true, ticks: 5 },
    marks: [
      Plot.line(front, { x: "megabytes", y: "score", stroke: "currentColor", strokeOpacity: 0.5, curve: "step-after" }),
      Plot.dot(styled, {
        x: "megabytes",
        y: "score",
        r: 7,
        fill: ({ style }: Styled) => style.color,
        fillOpacity: ({ isOnFront }: Styled) => (isOnFront ? 1 : 0.25),
      }),
      Plot.text(styled, {
        x: "megabytes",
        y: "score",
        text: ({ number }: Styled) => String(number),
        dy: -13,
        fill: "currentColor",
        fontSize: 11,
      }),
    ],
    color: { type: "identity" },
    opacity: { type: "identity" },
  };
  const legend = styled.map(({ style, number }) => ({ ...style, name: `${number} ${style.name}`, dashes: null }));
  return {
    title: `${name} against bytes, ${protocol}`,
    description,
    svg: draw(options, description),
    legend,
    note: "Full dots are on the Pareto front; the line is what can be had for so many bytes.",
  };
}

type Styled = TradeoffPoint & { readonly style: { readonly color: string }; readonly number: number };
