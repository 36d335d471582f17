import * as Plot from "@observablehq/plot";
import { axisNames } from "../words.ts";
import { draw, seriesStyle } from "./figure.ts";

/** A number by round as a drawing of a report; `description` is a sentence for readers who do not see it. */
export function roundCurve(
  points: readonly { readonly round: number; readonly value: number }[],
  { label, description }: { readonly label: string; readonly description: string },
): string {
  const { color } = seriesStyle(label, 0);
  return draw(
    {
      x: { label: axisNames.round, ticks: 6, tickFormat: "d", interval: 1 },
      y: { label, grid: true, nice: true, zero: true },
      marks: [
        Plot.line(points, { x: "round", y: "value", stroke: color, strokeWidth: 2 }),
        Plot.dot(points, { x: "round", y: "value", fill: color, r: 3 }),
      ],
    },
    description,
  );
}
