import type { LiveRound } from "@tutti/protocol";
import { words } from "../../words/words.ts";
import { type LayerNote, type LayerSheet, layerSheet, maxColumns } from "../layerNotes.ts";
import type { EventMark } from "../marks.ts";
import { eventMarks } from "./drawings.ts";
import type { Draw } from "./plotFigure.tsx";
import { staff } from "./staffLines.ts";

/** Rounds from left to right, layers from the lowest line to the highest: a full note is a layer that travels, a hollow one stays. */
export function layersPlot(rounds: readonly LiveRound[], marks: readonly EventMark[]): Draw {
  return (Plot, size) => {
    const { width, height, fontSize } = size;
    const { columns, notes, numLayers } = layerSheet(rounds, Math.min(maxColumns, Math.floor(width / (1.15 * fontSize))));
    const columnOf = (round: number) => columns.findIndex((column) => column.stage === "train" && column.round >= round);
    const shown = marks.map((mark) => ({ ...mark, round: columnOf(mark.round) })).filter(({ round }) => round >= 0);
    const [marginLeft, marginRight, marginTop, marginBottom] = [2.4 * fontSize, fontSize, 1.5 * fontSize, 2.9 * fontSize];
    const lineGap = (height - marginTop - marginBottom) / Math.max(1, numLayers - 1);
    const columnGap = (width - marginLeft - marginRight) / Math.max(1, columns.length);
    const largest = Math.max(3, Math.min(1.15 * lineGap, 0.86 * columnGap, 1.9 * fontSize));
    const length = ({ weight }: LayerNote) => largest * (0.5 + 0.5 * weight);
    const longest = Math.max(...columns.map((column) => columnName(column).length));
    const every = Math.max(1, Math.ceil((0.62 * fontSize * (longest + 1)) / columnGap));
    const shared = { x: "column", y: "layer", length, shape: noteHead, anchor: "middle", rotate: 70 } as const;
    return Plot.plot({
      ...{ width, height, marginLeft, marginRight, marginTop, marginBottom },
      style: { fontSize: `${fontSize}px`, background: "transparent", color: "var(--soft)", overflow: "visible" },
      length: { type: "identity" },
      x: {
        label: null,
        domain: [-0.5, Math.max(0.5, columns.length - 0.5)],
        ticks: columns.flatMap((_, at) => (at % every === 0 ? [at] : [])),
        tickSize: 0,
        tickPadding: fontSize,
        tickFormat: (at: number) => columnName(columns[at]),
      },
      y: {
        label: null,
        domain: [0, Math.max(1, numLayers - 1)],
        ticks: Array.from({ length: numLayers }, (_, layer) => layer).filter((layer) => layer % Math.ceil(numLayers / 8) === 0),
        tickFormat: "d",
        tickSize: 0,
      },
      marks: [
        staff(numLayers),
        Plot.vector(
          notes.filter(({ travels }) => !travels),
          { ...shared, stroke: "var(--muted-bar)", strokeWidth: 1.6, fill: "none" },
        ),
        Plot.vector(
          notes.filter(({ travels }) => travels),
          { ...shared, stroke: "none", fill: "var(--accent)" },
        ),
        ...eventMarks(Plot, shown, size, columns.length / 2),
      ],
    });
  };
}

function columnName(column: LayerSheet["columns"][number] | undefined): string {
  if (column === undefined) return "";
  return `${words.stagePlots.stages[column.stage]} ${column.round}`.trim();
}

/** A note's head: an ellipse as long as it is asked to be, lying along the vector, its middle at the origin. */
const noteHead = {
  draw(
    context: {
      moveTo(x: number, y: number): void;
      bezierCurveTo(...at: [number, number, number, number, number, number]): void;
      closePath(): void;
    },
    length: number,
  ): void {
    const [a, b] = [length / 2, length * 0.34];
    const [ka, kb] = [a * 0.5523, b * 0.5523]; // of a quarter of an ellipse as a Bézier curve
    const centre = -a; // vectors are drawn from their middle, length / 2 along
    context.moveTo(0, centre - a);
    context.bezierCurveTo(kb, centre - a, b, centre - ka, b, centre);
    context.bezierCurveTo(b, centre + ka, kb, centre + a, 0, centre + a);
    context.bezierCurveTo(-kb, centre + a, -b, centre + ka, -b, centre);
    context.bezierCurveTo(-b, centre - ka, -kb, centre - a, 0, centre - a);
    context.closePath();
  },
};
