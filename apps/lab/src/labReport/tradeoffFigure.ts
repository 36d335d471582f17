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
  /** Bytes both ways, Stages A and B included, evaluations left out. */
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
  const onFront = front.map(({ row, score, megabytes }) => `${row.label} (${score.toFixed(3)} at ${megabytes.toFixed(1)} MB)`).join(", ");
  const description = `${column.label}: ${name} against bytes on the wire, ${protocol} protocol. On the Pareto front, cheapest first: ${onFront}.`;
  const all = styled.map(({ megabytes }) => megabytes);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const isWide = most > 4 * least;
  const options: Plot.PlotOptions = {
    ...(points.length > 10 ? { height: 420 } : {}),
    x: {
      label: "MB on the wire, up and down",
      type: isWide ? "log" : "linear",
      domain: isWide ? [least * 0.8, most * 1.4] : [least - 0.1 * most, most * 1.15],
      ticks: 4,
      tickFormat: "~r",
    },
    y: { label: name, grid: true, nice: true, ticks: 5 },
    marks: [
      Plot.line(front, { x: "megabytes", y: "score", stroke: "currentColor", strokeOpacity: 0.5, curve: "step-after" }),
      Plot.dot(styled, { x: "megabytes", y: "score", r: 6, fill: ({ style }: Styled) => style.color, fillOpacity: opacityOf }),
      Plot.text(numbersOf(styled), { x: "megabytes", y: "score", text: "text", dx: 8, dy: -8, textAnchor: "start", fill: "currentColor" }),
    ],
    color: { type: "identity" },
    opacity: { type: "identity" },
  };
  const legend = grid.rows.map((row, index) => ({ ...seriesStyle(`${index + 1} ${row.label}`, index), isDot: true }));
  return { title: column.label, description, svg: draw(options, description), legend };
}

type Styled = TradeoffPoint & { readonly megabytes: number; readonly number: number; readonly style: { readonly color: string } };

const opacityOf = ({ isOnFront }: Styled) => (isOnFront ? 1 : 0.3);

/** The dots' numbers; dots that lie on each other share a label. */
function numbersOf(points: readonly Styled[]): { megabytes: number; score: number; text: string }[] {
  const heights = points.map(({ score }) => score);
  const near = 0.06 * (Math.max(...heights) - Math.min(...heights));
  const groups: Styled[][] = [];
  for (const point of [...points].sort((a, b) => a.score - b.score)) {
    const last = groups.find(([first]) => first !== undefined && point.score - first.score <= near && isAsDear(first, point));
    if (last === undefined) groups.push([point]);
    else last.push(point);
  }
  return groups.flatMap((group) => {
    const [first] = group;
    const numbers = group.map(({ number }) => number).sort((a, b) => a - b);
    return first === undefined ? [] : [{ megabytes: first.megabytes, score: first.score, text: numbers.join(", ") }];
  });
}

const isAsDear = (a: Styled, b: Styled) => Math.abs(Math.log(a.megabytes / b.megabytes)) < 0.08;
