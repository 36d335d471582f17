import * as Plot from "@observablehq/plot";
import type { LabRun } from "../experiments/labResult.ts";
import { draw, type Figure, seriesStyle } from "./figure.ts";
import type { LayerScores } from "./layers.ts";

/** Ranks of layers, dark for the highest score; a ring says how often a layer travels. */
export function heatMap({ row, columns }: LayerScores): Figure {
  const cells = columns.flatMap(({ label, scores, selected }, place) => {
    const known = scores.filter((score) => score !== null);
    return scores.map((score, layer) => ({
      x: String(place),
      label,
      layer,
      score,
      selected: selected[layer] ?? 0,
      share: score === null || known.length < 2 ? null : known.filter((other) => other < score).length / (known.length - 1),
    }));
  });
  const numLayers = Math.max(...columns.map(({ scores }) => scores.length));
  const labelSpace = 24 + 5 * Math.min(maxLabel, Math.max(...columns.map(({ label }) => label.length)));
  const description = `Layer scores of ${row.label} by ${columns.map(({ label }) => label).join("; ")}. ${columns.map(describe).join(" ")}`;
  const options: Plot.PlotOptions = {
    width: Math.max(300, 70 + columns.length * 78),
    height: 36 + numLayers * 26 + labelSpace,
    marginBottom: labelSpace,
    marginLeft: 44,
    x: {
      label: null,
      domain: columns.map((_, place) => String(place)),
      tickFormat: (place: string) => shortened(columns[Number(place)]?.label ?? ""),
      tickRotate: -40,
      padding: 0.06,
    },
    y: { label: "layer", domain: Array.from({ length: numLayers }, (_, layer) => layer), padding: 0.06, tickSize: 0 },
    marks: [
      Plot.cell(cells, { x: "x", y: "layer", fill: "var(--heat, #0072b2)", fillOpacity: ({ share }: Cell) => 0.06 + 0.74 * (share ?? 0) }),
      Plot.cell(
        cells.filter(({ selected }) => selected > 0),
        { x: "x", y: "layer", stroke: "currentColor", strokeWidth: 1.5, strokeOpacity: "selected", inset: 1.5 },
      ),
      Plot.text(cells, {
        x: "x",
        y: "layer",
        text: ({ score }: Cell) => (score === null ? "–" : scoreOnCell(score)),
        fill: "currentColor",
        fontSize: 11,
      }),
    ],
    opacity: { type: "identity" },
  };
  return {
    title: `Layer scores: ${row.label}`,
    description,
    svg: draw(options, description),
    legend: [],
    note: "Darker ranks higher within its column; a frame marks a layer that travels, fainter where it does not in every seed. Numbers are means over seeds. Layers are scored once, before the first round.",
  };
}

interface Cell {
  readonly score: number | null;
  readonly share: number | null;
}

function describe({ label, scores }: LayerScores["columns"][number]): string {
  const order = scores.flatMap((score, layer) => (score === null ? [] : [{ score, layer }])).sort((a, b) => b.score - a.score);
  return `${label}: highest first ${order.map(({ layer }) => layer).join(", ")}.`;
}

function scoreOnCell(score: number): string {
  const size = Math.abs(score);
  if (size >= 1e5 || (size > 0 && size < 0.01)) return score.toExponential(0);
  return score.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : 2);
}

const maxLabel = 22;
const shortened = (label: string) => (label.length <= maxLabel ? label : `${label.slice(0, maxLabel - 1)}…`);

/** Where the curvature of the loss lies at the probing devices of one run: a stem per Ritz value, as high as its weight. */
export function spectrumFigure(run: LabRun, label: string): Figure {
  const legend = run.spectra.map(({ deviceId }, index) => seriesStyle(`device ${deviceId}`, index));
  const keep = run.keepFraction === null ? "" : `, r\u00a0=\u00a0${run.keepFraction.toFixed(3)}`;
  const all = run.spectra.flatMap(({ ritzValues }) => ritzValues);
  const description = `${label}, seed ${run.seed}: ${all.length} Ritz values from ${run.spectra.length} devices, between ${short(Math.min(...all))} and ${short(Math.max(...all))}${keep}.`;
  const options: Plot.PlotOptions = {
    x: { label: "Ritz value", ticks: 4, tickFormat: "~g", nice: true },
    y: { label: "weight (root scale)", type: "sqrt", grid: true, ticks: 5 },
    marks: [
      ...run.spectra.flatMap(({ ritzValues, ritzWeights }, index) => {
        const stems = ritzValues.map((value, place) => ({ value, weight: Math.max(0, ritzWeights[place] ?? 0) }));
        const { color, dashes } = seriesStyle("", index);
        return [
          Plot.ruleX(stems, {
            x: "value",
            y: "weight",
            stroke: color,
            strokeWidth: 1.5,
            ...(dashes === null ? {} : { strokeDasharray: dashes }),
          }),
          Plot.dot(stems, { x: "value", y: "weight", fill: color, r: 2.5 }),
        ];
      }),
      Plot.ruleY([0]),
    ],
  };
  return { title: `Ritz values: ${label}${keep}`, description, svg: draw(options, description), legend };
}

const short = (value: number) => String(Number(value.toPrecision(3)));
