import { words } from "../../words/words.ts";
import type { Curve } from "../curves.ts";
import type { EventMark } from "../marks.ts";
import type { ByteColumn } from "../traffic.ts";
import type { Draw, PlotModule } from "./plotFigure.tsx";
import { staff } from "./staffLines.ts";
import type { Size } from "./useSize.ts";

/** How a line looks. */
export interface LineStyle {
  readonly stroke: string;
  readonly dash?: string;
  readonly width: number;
}

/** What all plots over rounds share. */
export interface RoundPlot {
  readonly numRounds: number;
  readonly marks: readonly EventMark[];
}

/** Lines by round, each with its name at its end; a series of one point that is a reference is a dashed line over all rounds. */
export function linesPlot(
  curves: readonly (Curve<string> & { readonly label: string; readonly style: LineStyle; readonly isReference?: boolean })[],
  { numRounds, marks, ...axis }: RoundPlot & { readonly label: string; readonly isShare: boolean },
): Draw {
  return (Plot, size) => {
    const { fontSize } = size;
    const lines = curves.filter(({ isReference }) => isReference !== true);
    const references = curves.filter(({ isReference }) => isReference === true);
    const values = curves.flatMap(({ points }) => points.map(({ value }) => value));
    const ends = spread(
      curves.flatMap(({ points, label, style }) => {
        const last = points.at(-1);
        return last === undefined ? [] : [{ round: last.round, value: last.value, name: label, style }];
      }),
      rangeOf(values, axis.isShare),
      (size.height - 4 * fontSize) / fontSize,
    );
    return Plot.plot({
      ...frame(size, numRounds),
      marginRight: Math.round(Math.min(size.width * 0.36, fontSize * 0.64 * Math.max(6, ...ends.map(({ name }) => name.length)) + 14)),
      y: {
        label: null,
        domain: rangeOf(values, axis.isShare),
        tickFormat: axis.isShare ? percent : words.formats.number,
        ticks: 4,
        grid: false,
      },
      marks: [
        staff(5),
        ...eventMarks(Plot, marks, size, numRounds / 2),
        ...references.map(({ points: [first], style }) =>
          Plot.ruleY([first?.value ?? 0], { stroke: style.stroke, strokeWidth: style.width, strokeDasharray: style.dash ?? "none" }),
        ),
        ...lines.flatMap(({ points, style }) => lineMarks(Plot, points, style)),
        ...ends.map(({ at, name, style }) =>
          Plot.text([{ at, name }], {
            x: () => Math.max(1, numRounds),
            y: "at",
            text: "name",
            textAnchor: "start",
            dx: 10,
            fill: style.stroke,
            fontWeight: 600,
          }),
        ),
      ],
    });
  };
}

function lineMarks(Plot: PlotModule, points: Curve["points"], { stroke, dash = "none", width }: LineStyle) {
  const shared = { x: "round", y: "value" } as const;
  return [
    Plot.line(points, { ...shared, stroke, strokeWidth: width, strokeDasharray: dash, strokeLinecap: "round", strokeLinejoin: "round" }),
    Plot.dot(points.slice(-1), { ...shared, r: 1.6 * width, fill: stroke, stroke: "var(--surface)", strokeWidth: 1.5 }),
    ...(points.length === 1 || points.length > 40 ? [] : [Plot.dot(points, { ...shared, r: 0.85 * width, fill: stroke })]),
  ];
}

/** Bytes of each round as bars in front of what every layer would have cost. */
export function bytesPlot(columns: readonly ByteColumn[], { numRounds, marks }: RoundPlot): Draw {
  return (Plot, size) => {
    const most = Math.max(1, ...columns.map(({ sent, everything }) => Math.max(sent, everything)));
    const inset = Math.min(6, Math.max(0.5, size.width / numRounds / 8));
    const bar = { x1: (one: ByteColumn) => one.round - 0.5, x2: (one: ByteColumn) => one.round + 0.5, insetLeft: inset, insetRight: inset };
    return Plot.plot({
      ...frame(size, numRounds),
      marginLeft: Math.round(5 * size.fontSize),
      x: { ...roundAxis(numRounds), domain: [0.5, Math.max(1, numRounds) + 0.5] },
      y: { label: null, domain: [0, most], ticks: 3, tickFormat: (value: number) => words.formats.bytes(value) },
      marks: [
        staff(5),
        Plot.rectY(columns, { ...bar, y: "everything", fill: "var(--line)", rx: 2 }),
        Plot.rectY(columns, { ...bar, y: "sent", fill: "var(--accent)", rx: 2 }),
        ...eventMarks(Plot, marks, size, numRounds / 2),
      ],
    });
  };
}

/** A plot's form: no axis lines, the staff in place of a grid. */
function frame({ width, height, fontSize }: Size, numRounds: number) {
  return {
    width,
    height,
    marginTop: Math.round(1.6 * fontSize),
    marginBottom: Math.round(2 * fontSize),
    marginLeft: Math.round(3.7 * fontSize),
    marginRight: Math.round(fontSize),
    style: { fontSize: `${fontSize}px`, background: "transparent", color: "var(--soft)", overflow: "visible" },
    x: roundAxis(numRounds),
  } as const;
}

function roundAxis(numRounds: number) {
  const most = Math.max(2, numRounds);
  return { label: null, domain: [1, most], ticks: wholeTicks(most), tickFormat: "d", tickSize: 0 } as const;
}

/** At most six whole rounds, the first and the last among them. */
export function wholeTicks(numRounds: number): readonly number[] {
  const step = Math.max(1, Math.ceil((numRounds - 1) / 5));
  const inner = Array.from({ length: Math.ceil((numRounds - 1) / step) }, (_, index) => 1 + index * step);
  return [...inner.filter((round) => round === 1 || numRounds - round > step / 2), numRounds];
}

/** A line at each round from which an order of the operator's holds, with its words at its head; `middle` is where they change sides. */
export function eventMarks(Plot: PlotModule, marks: readonly EventMark[], { fontSize }: Size, middle: number) {
  const byRound = [...new Set(marks.map(({ round }) => round))].map((round) => ({
    round,
    text: marks.flatMap((mark) => (mark.round === round && mark.text !== "" ? [mark.text] : [])).join("\n"),
  }));
  const words = { x: "round", frameAnchor: "top", lineAnchor: "top", text: "text", fill: "var(--wait)", fontSize: 0.8 * fontSize } as const;
  const halo = { stroke: "var(--surface)", strokeWidth: 4, dy: 2 } as const;
  const sides = [
    { rows: byRound.filter(({ round }) => round <= middle), side: { textAnchor: "start", dx: 5 } },
    { rows: byRound.filter(({ round }) => round > middle), side: { textAnchor: "end", dx: -5 } },
  ] as const;
  return [
    Plot.ruleX(byRound, { x: "round", stroke: "var(--wait)", strokeWidth: 1.5, strokeDasharray: "2 3" }),
    ...sides.map(({ rows, side }) => Plot.text(rows, { ...words, ...halo, ...side })),
  ];
}

const percent = (value: number): string => `${Math.round(100 * value)} %`;

/** Shares from 0 to 1 where they spread widely, and other values from their least to their most with room. */
function rangeOf(values: readonly number[], isShare: boolean): readonly [number, number] {
  if (isShare) return [0, 1];
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high === low ? Math.max(0.1, Math.abs(high) / 10) : (high - low) / 8;
  return [Math.max(0, low - room), high + room];
}

/** Names beside each other's values, moved apart so that none lies on another. */
function spread<T extends { readonly value: number }>(
  rows: readonly T[],
  [low, high]: readonly [number, number],
  numLines: number,
): readonly (T & { readonly at: number })[] {
  const apart = (1.15 * (high - low)) / Math.max(1, numLines);
  let above = Number.NEGATIVE_INFINITY;
  const placed = [...rows]
    .sort((a, b) => a.value - b.value)
    .map((row) => {
      above = Math.max(row.value, above + apart);
      return { ...row, at: above };
    });
  const over = Math.max(0, (placed.at(-1)?.at ?? high) - high);
  return placed.map((row) => ({ ...row, at: row.at - over }));
}

/** Names of the stage's lines. */
export function seriesName(name: keyof typeof words.stagePlots.series): string {
  return words.stagePlots.series[name];
}
