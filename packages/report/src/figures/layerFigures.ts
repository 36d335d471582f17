import * as Plot from "@observablehq/plot";
import { formatCount } from "@tutti/core";
import { atRound, type LayerColumn, type LayerScores, type RankCorrelation, type RunRecord } from "@tutti/record";
import { driftText, heatMapNotes, heatMapText, ritzTitle, spectrumText } from "../sentences/figures.ts";
import { differenceText } from "../text.ts";
import { axisNames } from "../words.ts";
import { draw, type Figure, seriesStyle } from "./figure.ts";

interface Cell {
  readonly x: string;
  readonly layer: number;
  readonly score: number | null;
  readonly selected: number;
  /** Of the other layers of the column, those with a lower score. */
  readonly share: number | null;
}

/** Ranks of layers, the strongest colour for the highest score; a frame says how often a layer travels. */
export function heatMap({ row, task, columns, isThinned, unmeasured, drifts }: LayerScores): Figure {
  const name = task === null ? row.label : `${row.label}, ${task}`;
  const labels = columns.map(({ label, round }) => atRound(label, round));
  const agreements = agreementsOf(drifts);
  const description = [heatMapText(name, labels), ...columns.map(describe), ...agreements].join(" ");
  const notes = heatMapNotes({
    hasRounds: columns.some(({ round }) => round !== null),
    isThinned,
    unmeasured: unmeasured.map(({ label, numRuns, numUnmeasured }) => `${label} (${numUnmeasured} of ${formatCount(numRuns, "run")})`),
  });
  return {
    title: heatMapText(name, []),
    description,
    svg: draw(heatMapPlot(columns), description),
    legend: [],
    note: [...notes, ...agreements].join(" "),
  };
}

function heatMapPlot(columns: readonly LayerColumn[]): Plot.PlotOptions {
  const cells = columns.flatMap(cellsOf);
  const numLayers = Math.max(...columns.map(({ scores }) => scores.length));
  const ticks = columns.map(tickOf);
  const labelSpace = 24 + 5 * Math.max(...ticks.map((tick) => tick.length));
  const cellWidth = columns.length > 8 ? 58 : 78;
  const leans = ticks.map((tick, place) => Math.round(4.8 * tick.length - (place + 0.5) * cellWidth)); // to the left of the cells
  const marginLeft = Math.max(44, ...leans);
  return {
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
    y: { label: axisNames.layer, domain: Array.from({ length: numLayers }, (_, layer) => layer), padding: 0.06, tickSize: 0 },
    marks: cellMarks(cells),
    opacity: { type: "identity" },
  };
}

function cellsOf({ scores, selected }: LayerColumn, place: number): Cell[] {
  const known = scores.filter((score) => score !== null);
  return scores.map((score, layer) => ({
    x: String(place),
    layer,
    score,
    selected: selected[layer] ?? 0,
    share: score === null || known.length < 2 ? null : known.filter((other) => other < score).length / (known.length - 1),
  }));
}

function cellMarks(cells: readonly Cell[]): Plot.Markish[] {
  const at = { x: "x", y: "layer" };
  return [
    Plot.cell(cells, { ...at, fill: "var(--heat, #0072b2)", fillOpacity: ({ share }: Cell) => 0.06 + 0.74 * (share ?? 0) }),
    Plot.cell(
      cells.filter(({ selected }) => selected > 0),
      { ...at, stroke: "currentColor", strokeWidth: 1.5, strokeOpacity: "selected", inset: 1.5 },
    ),
    Plot.text(cells, { ...at, text: ({ score }: Cell) => (score === null ? "–" : scoreOnCell(score)), fill: "currentColor", fontSize: 11 }),
  ];
}

function agreementsOf(drifts: readonly RankCorrelation[]): string[] {
  const known = drifts.flatMap(({ first, second, mean }) => (mean === null ? [] : [`${differenceText(mean)} (${first} and ${second})`]));
  return known.length === 0 ? [] : [driftText(known)];
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

const short = (value: number) => String(Number(value.toPrecision(3)));

/** Where the curvature of the loss lies at the probing devices of one run: a stem per Ritz value, as high as its weight. */
export function spectrumFigure(run: RunRecord, label: string): Figure {
  const keep = run.keepFraction === null ? "" : `, r\u00a0=\u00a0${run.keepFraction.toFixed(3)}`;
  const all = run.spectra.flatMap(({ ritzValues }) => ritzValues);
  const description = spectrumText({
    label: `${label}, seed ${run.seed}`,
    numValues: all.length,
    numDevices: run.spectra.length,
    least: short(Math.min(...all)),
    most: short(Math.max(...all)),
    keep,
  });
  const options: Plot.PlotOptions = {
    x: { label: axisNames.ritz, ticks: 3, tickFormat: short, nice: true },
    y: { label: axisNames.weight, type: "sqrt", grid: true, ticks: 5 },
    marks: [...run.spectra.flatMap(stemMarks), Plot.ruleY([0])],
  };
  const legend = run.spectra.map(({ deviceId }, index) => seriesStyle(`device ${deviceId}`, index));
  return { title: ritzTitle(label, keep), description, svg: draw(options, description), legend };
}

function stemMarks({ ritzValues, ritzWeights }: RunRecord["spectra"][number], index: number): Plot.Markish[] {
  const stems = ritzValues.map((value, place) => ({ value, weight: Math.max(0, ritzWeights[place] ?? 0) }));
  const { color, dashes } = seriesStyle("", index);
  const dashed = dashes === null ? {} : { strokeDasharray: dashes };
  return [
    Plot.ruleX(stems, { x: "value", y: "weight", stroke: color, strokeWidth: 1.5, ...dashed }),
    Plot.dot(stems, { x: "value", y: "weight", fill: color, r: 2.5 }),
  ];
}
