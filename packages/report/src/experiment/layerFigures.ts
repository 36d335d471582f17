import * as Plot from "@observablehq/plot";
import { formatCount } from "@tutti/core";
import type { LabRun } from "@tutti/record";
import { atRound, type LayerColumn, type LayerScores, type RankCorrelation } from "@tutti/record";
import { draw, type Figure, seriesStyle } from "./figure.ts";
import { differenceText } from "./text.ts";

/** Ranks of layers, the strongest colour for the highest score; a frame says how often a layer travels. */
export function heatMap({ row, task, columns, isThinned, unmeasured, drifts }: LayerScores): Figure {
  const cells = columns.flatMap(({ scores, selected }, place) => {
    const known = scores.filter((score) => score !== null);
    return scores.map((score, layer) => ({
      x: String(place),
      layer,
      score,
      selected: selected[layer] ?? 0,
      share: score === null || known.length < 2 ? null : known.filter((other) => other < score).length / (known.length - 1),
    }));
  });
  const numLayers = Math.max(...columns.map(({ scores }) => scores.length));
  const ticks = columns.map(tickOf);
  const labelSpace = 24 + 5 * Math.max(...ticks.map((tick) => tick.length));
  const cellWidth = columns.length > 8 ? 58 : 78;
  const leans = ticks.map((tick, place) => Math.round(4.8 * tick.length - (place + 0.5) * cellWidth)); // to the left of the cells
  const marginLeft = Math.max(44, ...leans);
  const name = task === null ? row.label : `${row.label}, ${task}`;
  const labels = columns.map(({ label, round }) => atRound(label, round));
  const description = [`Layer scores of ${name} by ${labels.join("; ")}.`, ...columns.map(describe), ...driftText(drifts)].join(" ");
  const options: Plot.PlotOptions = {
    width: Math.max(300, marginLeft + 26 + columns.length * cellWidth),
    height: 36 + numLayers * 26 + labelSpace,
    marginBottom: labelSpace,
    marginLeft,
    x: {
      label: null,
      domain: columns.map((_, place) => String(place)),
      tickFormat: (place: string) => ticks[Number(place)] ?? "",
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
  const hasRounds = columns.some(({ round }) => round !== null);
  const note = [
    "A stronger blue ranks higher within its column; a frame marks a layer that travels, fainter where it does not in every seed. Numbers are means over seeds.",
    hasRounds
      ? "Layers were selected once, with round 0's scores; those of later rounds are measured beside the run, with the parameters that a newcomer had then, and change nothing in it."
      : "Layers are scored once, before the first round.",
    ...(isThinned ? ["Not every scored round is shown; all of them are in results.json."] : []),
    ...unmeasuredText(unmeasured),
    ...driftText(drifts),
  ].join(" ");
  return { title: `Layer scores: ${name}`, description, svg: draw(options, description), legend: [], note };
}

function unmeasuredText(unmeasured: LayerScores["unmeasured"]): string[] {
  const which = unmeasured.map(({ label, numRuns, numUnmeasured }) => `${label} (${numUnmeasured} of ${formatCount(numRuns, "run")})`);
  return which.length === 0 ? [] : [`Runs made before later rounds were measured have round 0 alone: ${which.join("; ")}.`];
}

function driftText(drifts: readonly RankCorrelation[]): string[] {
  const known = drifts.flatMap(({ first, second, mean }) => (mean === null ? [] : [`${differenceText(mean)} (${first} and ${second})`]));
  return known.length === 0 ? [] : [`The order of the layers at both ends, as Spearman's ρ, mean over seeds: ${known.join("; ")}.`];
}

interface Cell {
  readonly score: number | null;
  readonly share: number | null;
}

function describe({ label, round, scores }: LayerColumn): string {
  const order = scores.flatMap((score, layer) => (score === null ? [] : [{ score, layer }])).sort((a, b) => b.score - a.score);
  return `${atRound(label, round)}: highest first ${order.map(({ layer }) => layer).join(", ")}.`;
}

function scoreOnCell(score: number): string {
  const size = Math.abs(score);
  if (size >= 1e5 || (size > 0 && size < 0.01)) return score.toExponential(0);
  return score.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : 2);
}

/** What a lab file names itself may be of any length; what it commonly names is shown in full. */
const maxLabel = 40;
const shortened = (label: string, room: number) => (label.length <= room ? label : `${label.slice(0, room - 1)}…`);

/** The heading may be cut, the round may not. */
function tickOf({ label, round }: LayerColumn): string {
  return atRound(shortened(label, maxLabel), round);
}

/** Where the curvature of the loss lies at the probing devices of one run: a stem per Ritz value, as high as its weight. */
export function spectrumFigure(run: LabRun, label: string): Figure {
  const legend = run.spectra.map(({ deviceId }, index) => seriesStyle(`device ${deviceId}`, index));
  const keep = run.keepFraction === null ? "" : `, r\u00a0=\u00a0${run.keepFraction.toFixed(3)}`;
  const all = run.spectra.flatMap(({ ritzValues }) => ritzValues);
  const description = `${label}, seed ${run.seed}: ${all.length} Ritz values from ${run.spectra.length} devices, between ${short(Math.min(...all))} and ${short(Math.max(...all))}${keep}.`;
  const options: Plot.PlotOptions = {
    x: { label: "Ritz value", ticks: 3, tickFormat: short, nice: true },
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
