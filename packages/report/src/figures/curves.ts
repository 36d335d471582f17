import * as Plot from "@observablehq/plot";
import { findMethod, type Protocol } from "@tutti/core";
import type { Grid, GridColumn, RunPoint, RunRecord } from "@tutti/record";
import { rangeOf, summarise } from "@tutti/record";
import { curvesText } from "../sentences/figures.ts";
import { capital, textsText, withRemarks } from "../text.ts";
import { againstNames, axisNames, metricNames } from "../words.ts";
import { draw, type Figure, type SeriesStyle, seriesStyle } from "./figure.ts";

/** What a curve runs over. */
export type Against = "round" | "bytes" | "seconds";
/** What a curve shows. */
export type Shown = "score" | "loss";

/** Mean over seeds after one evaluated round. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  /** Sample standard deviation over seeds; null for one seed. */
  readonly stdDev: number | null;
}

const xOf: Readonly<Record<Against, (point: RunPoint) => number>> = {
  round: ({ round }) => round,
  bytes: ({ bytesUp, bytesDown }) => (bytesUp + bytesDown) / 1e6,
  seconds: ({ seconds }) => seconds,
};

/** A method's curve on the test split: the mean over its runs after each round that all of them evaluated. */
export function curveOf(runs: readonly RunRecord[], protocol: Protocol, shown: Shown, against: Against): CurvePoint[] {
  const points = runs.map(({ curve }) => curve.filter((point) => point.protocol === protocol && point.split === "test"));
  const rounds = [...new Set(points.flat().map(({ round }) => round))].sort((a, b) => a - b);
  return rounds.flatMap((round) => {
    const here = points.flatMap((run) => run.filter((point) => point.round === round).slice(0, 1));
    const x = summarise(here.map(xOf[against]));
    const y = summarise(here.map((point) => point[shown]));
    return here.length === runs.length && x !== null && y !== null ? [{ x: x.mean, y: y.mean, stdDev: y.stdDev }] : [];
  });
}

/** One figure: every method on one task. */
export function curveFigure(
  grid: Grid,
  column: GridColumn,
  { protocol, shown, against }: { protocol: Protocol; shown: Shown; against: Against },
): Figure | null {
  const isCrowded = grid.rows.length > 4;
  const curves = grid.rows
    .map((row, index) => ({
      style: seriesStyle(row.label, index),
      points: curveOf(grid.runsOf(row, column), protocol, shown, against),
      width: !isCrowded ? 1.75 : findMethod(row.method)?.role === "own" ? 2.5 : 1.25,
    }))
    .filter(({ points }) => points.length > 0);
  if (curves.length === 0) return null;
  const name = shown === "loss" ? axisNames.loss : metricNames[column.metric];
  const shownName = shown === "loss" ? name : withRemarks(name, [textsText(rangeOf(textsBehind(grid, column, protocol)))]);
  const title = `${capital(name)} by ${againstNames[against]}, ${protocol}`;
  const description = curvesText({ label: column.label, shown: shownName, against, protocol, ends: endsOf(curves) });
  const options: Plot.PlotOptions = {
    x: { label: axisNames[against], nice: true, ticks: 5, ...scaleOf(against, curves) },
    y: { label: shownName, grid: true, nice: true, ticks: 5 },
    marks: [...curves.flatMap((curve) => bandMarks(curve, curves.length)), ...curves.flatMap(lineMarks)],
  };
  return { title, description, svg: draw(options, description), legend: curves.map(({ style }) => style) };
}

/** Texts behind every point of a column's curves. */
function textsBehind(grid: Grid, column: GridColumn, protocol: Protocol): number[] {
  const points = grid.rows.flatMap((row) => grid.runsOf(row, column)).flatMap(({ curve }) => curve);
  return points.flatMap((point) => (point.protocol === protocol && point.split === "test" ? (point.numTexts ?? []) : []));
}

/** Methods whose costs lie far apart need a logarithmic axis to be told apart. */
function scaleOf(against: Against, curves: readonly Pick<Curve, "points">[]): Partial<Plot.ScaleOptions> {
  if (against === "round") return { tickFormat: "d", interval: 1 };
  const ends = curves.flatMap(({ points }) => points.slice(-1).map(({ x }) => x));
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const isStarted = curves.every(({ points }) => points.every(({ x }) => x > 0));
  return isStarted && most > 20 * least ? { type: "log", nice: false, tickFormat: "~r" } : { tickFormat: "~r" };
}

interface Curve {
  readonly style: SeriesStyle;
  readonly points: readonly CurvePoint[];
  readonly width: number;
}

/** One deviation on both sides; among many lines bands would hide each other. */
function bandMarks({ style, points }: Curve, numCurves: number): Plot.Markish[] {
  const spread = points.flatMap(({ x, y, stdDev }) => (stdDev === null ? [] : [{ x, low: y - stdDev, high: y + stdDev }]));
  if (numCurves > 4 || spread.length === 0) return [];
  return [Plot.areaY(spread, { x: "x", y1: "low", y2: "high", fill: style.color, fillOpacity: 0.14 })];
}

function lineMarks({ style, points, width }: Curve): Plot.Markish[] {
  const { color, dashes } = style;
  return [
    Plot.line(points, { x: "x", y: "y", stroke: color, strokeWidth: width, ...(dashes === null ? {} : { strokeDasharray: dashes }) }),
    Plot.dot(points, { x: "x", y: "y", fill: color, r: points.length > 20 ? 1.2 : points.length === 1 ? 4 : 2.2 }),
  ];
}

const endsOf = (curves: readonly Curve[]) =>
  curves.flatMap(({ style: { name }, points }) => points.slice(-1).map(({ y }) => ({ name, y })));
