import * as Plot from "@observablehq/plot";
import type { Protocol } from "@tutti/core";
import { type Grid, type GridColumn, numTextsOf, rangeOf, type TradeoffPoint, tradeoffPoints } from "@tutti/record";
import { tradeoffText } from "../sentences/figures.ts";
import { textsText, withRemarks } from "../text.ts";
import { axisNames, metricNames } from "../words.ts";
import { draw, type Figure, seriesStyle, size } from "./figure.ts";
import { type Box, type Label, type LabelBox, type LabelPlace, placeLabels } from "./labelPlaces.ts";

const radius = 6;
const marginRight = 20;

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
  const texts = textsText(rangeOf(grid.rows.flatMap((row) => numTextsOf(grid.runsOf(row, column), protocol, "final"))));
  const name = withRemarks(metricNames[column.metric], [texts]);
  const description = tradeoffText(
    ...([column.label, name, protocol] as const),
    front.map(({ row, score, megabytes }) => ({ name: row.label, score, megabytes })),
  );
  const height = points.length > 10 ? 420 : size.height;
  const { x, y } = scalesOf(styled, height);
  const [across, up] = [Plot.scale({ x }), Plot.scale({ y })];
  const dots = styled.map((point) => ({ ...point, x: across.apply(point.megabytes), y: up.apply(point.score) }));
  const numbers = numbersOf(dots, areaOf(height));
  const options: Plot.PlotOptions = {
    height,
    marginRight,
    x: { ...x, label: axisNames.bytes, ticks: 4, tickFormat: "~r" },
    y: { ...y, label: name, grid: true, ticks: 5 },
    marks: [
      Plot.link(
        numbers.filter(({ place }) => place.isFar),
        {
          x1: inPixels(({ x }) => x),
          x2: inPixels(({ x, place }) => nearest(x, place.x, place.width)),
          y1: inPixels(({ y }) => y),
          y2: inPixels(({ y, place }) => nearest(y, place.y, place.height)),
          strokeOpacity: 0.5,
        },
      ),
      Plot.line(front, { x: "megabytes", y: "score", stroke: "currentColor", strokeOpacity: 0.5, curve: "step-after" }),
      Plot.dot(styled, { x: "megabytes", y: "score", r: radius, fill: ({ style }: Styled) => style.color, fillOpacity: opacityOf }),
      Plot.text(numbers, {
        x: inPixels(({ place }) => place.x),
        y: inPixels(({ place }) => place.y),
        text: "text",
        fill: "currentColor",
        stroke: "var(--back, #fff)",
        strokeWidth: 3,
      }),
    ],
    color: { type: "identity" },
    opacity: { type: "identity" },
  };
  const legend = grid.rows.map((row, index) => ({ ...seriesStyle(`${index + 1} ${row.label}`, index), isDot: true }));
  return { title: column.label, description, svg: draw(options, description), legend };
}

/** Both axes in the pixels of the drawing, so that it is known where its dots lie. */
function scalesOf(points: readonly Styled[], height: number) {
  const [costs, scores] = [points.map(({ megabytes }) => megabytes), points.map(({ score }) => score)];
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  const isWide = most > 4 * least;
  const x = {
    type: isWide ? ("log" as const) : ("linear" as const),
    domain: isWide ? [least * 0.8, most * 1.4] : [least - 0.1 * most, most * 1.15],
    range: [size.marginLeft, size.width - marginRight],
  };
  const y = { domain: [Math.min(...scores), Math.max(...scores)], range: [height - size.marginBottom, size.marginTop], nice: true };
  return { x, y };
}

/** Where numbers may stand: right of the axis and above it. */
function areaOf(height: number): Box {
  const [width, inner] = [size.width - size.marginLeft, height - size.marginBottom];
  return { x: size.marginLeft + width / 2, y: inner / 2, width, height: inner };
}

type Styled = TradeoffPoint & { readonly megabytes: number; readonly number: number; readonly style: { readonly color: string } };

const opacityOf = ({ isOnFront }: Styled) => (isOnFront ? 1 : 0.3);

/** A channel in pixels of the drawing. */
const inPixels = (value: (label: PlacedLabel) => number) => ({ value, scale: null });

/** The number closest to `value` among those of a span around `centre`. */
const nearest = (value: number, centre: number, span: number) => Math.max(centre - span / 2, Math.min(value, centre + span / 2));

type PlacedLabel = Label & { readonly place: LabelBox };

/** The dots' numbers and where they are printed; a dot on the front has its own, others that lie on each other share one. */
function numbersOf(dots: readonly (Styled & LabelPlace)[], area: Box): PlacedLabel[] {
  const groups: (Styled & LabelPlace)[][] = dots.filter(({ isOnFront }) => isOnFront).map((dot) => [dot]);
  for (const dot of dots.filter(({ isOnFront }) => !isOnFront)) {
    const near = groups.find(([first]) => first?.isOnFront === false && Math.hypot(dot.x - first.x, dot.y - first.y) < radius);
    if (near === undefined) groups.push([dot]);
    else near.push(dot);
  }
  const labels = groups.map((group) => ({
    x: group.reduce((sum, { x }) => sum + x, 0) / group.length,
    y: group.reduce((sum, { y }) => sum + y, 0) / group.length,
    text: group.map(({ number }) => number).join(", "),
  }));
  const places = placeLabels(labels, { dots, dotRadius: radius, area });
  return labels.flatMap((label, index) => {
    const place = places[index];
    return place === undefined ? [] : [{ ...label, place }];
  });
}
