import * as Plot from "@observablehq/plot";
import { type RunRecord, type RunScores, rangeOf, type StepRecord, untunedScores } from "@tutti/record";
import { layerScoresText, phaseBytesText, seriesText } from "../sentences/figures.ts";
import { runScoreTitle } from "../sentences/scores.ts";
import { textsText, withRemarks } from "../text.ts";
import { isOfTexts } from "../textScores.ts";
import { axisNames, controlNames, metricNames, runFigureTitles, runSeries, stageNames, textScoreTitles, untunedName } from "../words.ts";
import { draw, type Figure, seriesStyle, size } from "./figure.ts";
import { spectrumFigure } from "./layerFigures.ts";

/** A value of a line at a round. */
interface Point {
  readonly round: number;
  readonly value: number;
  readonly series: string;
}

/** The figures of one run, those that its record has something for. */
export function runFigures(run: RunRecord): Figure[] {
  const spectrum = run.spectra.length === 0 ? null : { ...spectrumFigure(run, run.task), title: runFigureTitles.spectrum };
  const scores = isOfTexts(run) ? [mainScoreFigure(run), perplexityFigure(run)] : [accuracyFigure(run)];
  return [...scores, lossFigure(run), layerFigure(run), bytesFigure(run), spectrum].filter((figure) => figure !== null);
}

/** One score on the test split after each evaluated round of the training stage. */
export function scorePoints({ curve }: Pick<RunRecord, "curve">, read: (scores: RunScores) => number | null | undefined): Point[] {
  return curve
    .filter(({ round, split, protocol }) => round > 0 && split === "test" && protocol !== "zeroShot")
    .flatMap((point) => {
      const value = read(point) ?? null;
      return value === null ? [] : [{ round: point.round, value, series: point.protocol }];
    });
}

function lineFigure(title: string, points: readonly Point[], label: string, extra: readonly Plot.Markish[] = []): Figure | null {
  if (points.length === 0) return null;
  const names = [...new Set(points.map(({ series }) => series))];
  const legend = names.map((name, index) => seriesStyle(name, index));
  const lines = legend.map((style) => ({ style, points: points.filter(({ series }) => series === style.name) }));
  const ends = lines.flatMap(({ style, points: own }) => own.slice(-1).map(({ value }) => ({ name: style.name, y: value })));
  const description = seriesText(title, ends);
  const options: Plot.PlotOptions = {
    x: { label: axisNames.round, ticks: 6, tickFormat: "d", interval: 1 },
    y: { label, grid: true, nice: true },
    marks: [
      ...extra,
      ...lines.flatMap(({ style: { color, dashes }, points: own }) => [
        Plot.line(own, { x: "round", y: "value", stroke: color, strokeWidth: 2, ...(dashes === null ? {} : { strokeDasharray: dashes }) }),
        Plot.dot(own, { x: "round", y: "value", fill: color, r: 3 }),
      ]),
    ],
  };
  return { title, description, svg: draw(options, description), legend };
}

interface Bound {
  readonly name: string;
  readonly value: number | null | undefined;
}

/** Dashed lines across a figure, with their names. */
function boundMarks(all: readonly Bound[]): Plot.Markish[] {
  const bounds = all.filter(({ value }) => value !== null && value !== undefined && Number.isFinite(value));
  return [
    Plot.ruleY(bounds, { y: "value", strokeDasharray: "4 4", strokeOpacity: 0.6 }),
    Plot.text(bounds, { y: "value", text: "name", frameAnchor: "left", dx: 4, dy: -6, textAnchor: "start" }),
  ];
}

/** With how many texts of the test split are behind the points. */
function countedLabel({ curve }: RunRecord, name: string): string {
  const counts = curve.flatMap(({ split, numTexts }) => (split === "test" ? (numTexts ?? []) : []));
  return withRemarks(name, [textsText(rangeOf(counts))]);
}

function accuracyFigure(run: RunRecord): Figure | null {
  const marks = boundMarks([
    { name: controlNames.majority, value: run.controls.majorityScores?.accuracy },
    { name: controlNames.zeroShot, value: untunedScores(run)?.accuracy },
  ]);
  const points = scorePoints(run, ({ accuracy }) => accuracy);
  return lineFigure(runFigureTitles.accuracy, points, countedLabel(run, metricNames.accuracy), marks);
}

function mainScoreFigure(run: RunRecord): Figure | null {
  const name = metricNames[run.metric];
  const marks = boundMarks([{ name: untunedName, value: untunedScores(run)?.score }]);
  const points = scorePoints(run, ({ score }) => score);
  return lineFigure(runScoreTitle(name), points, countedLabel(run, name), marks);
}

function perplexityFigure(run: RunRecord): Figure | null {
  const marks = boundMarks([{ name: untunedName, value: untunedScores(run)?.text?.perplexityPerToken }]);
  const points = scorePoints(run, ({ text }) => text?.perplexityPerToken);
  return lineFigure(runFigureTitles.perplexity, points, textScoreTitles.perplexityPerToken, marks);
}

function lossFigure({ steps = [] }: RunRecord): Figure | null {
  const points = steps
    .filter(({ stage, kind }) => stage === "train" && kind === "train")
    .flatMap(({ round, firstLoss, lastLoss }) => [
      { round, value: firstLoss, series: runSeries.firstLoss },
      { round, value: lastLoss, series: runSeries.lastLoss },
    ])
    .filter((point): point is Point & typeof point => point.value !== null);
  return lineFigure(runFigureTitles.loss, points, axisNames.loss);
}

function layerFigure({ layerScores, selectedLayers }: RunRecord): Figure | null {
  if (!layerScores.some((score) => score !== null)) return null;
  const legend = [runSeries.sent, runSeries.kept].map((name, index) => ({ ...seriesStyle(name, index), isDot: true }));
  const layers = layerScores.map((score, index) => ({
    layer: String(index),
    score,
    color: legend[selectedLayers.includes(index) ? 0 : 1]?.color,
  }));
  const order = layers.filter(({ score }) => score !== null).sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
  const description = layerScoresText(
    order.map(({ layer }) => Number(layer)),
    selectedLayers,
  );
  const options: Plot.PlotOptions = {
    color: { type: "identity" },
    x: { label: axisNames.layer, domain: layers.map(({ layer }) => layer), type: "point", padding: 0.5 },
    y: { label: axisNames.score, grid: true, nice: true },
    marks: [
      Plot.dot(order, { x: "layer", y: "score", fill: "color", r: 7 }),
      Plot.text(
        layers.filter(({ score }) => score === null),
        { x: "layer", text: () => runSeries.notScored, frameAnchor: "bottom", dy: -8 },
      ),
    ],
  };
  return { title: runFigureTitles.layers, description, svg: draw(options, description), legend };
}

/** Bytes of a phase, both ways. */
export interface PhaseBytes {
  readonly phase: string;
  readonly up: number;
  readonly down: number;
}

/** Bytes by what they are charged to: what a step needed and an evaluation had fetched is the step's. */
export function bytesByPhase(steps: readonly StepRecord[]): PhaseBytes[] {
  const sums = new Map<string, PhaseBytes>();
  const add = (phase: string, up: number, down: number) => {
    const known = sums.get(phase) ?? { phase, up: 0, down: 0 };
    sums.set(phase, { phase, up: known.up + up, down: known.down + down });
  };
  for (const { stage, kind, bytesUp, bytesDown, fetchedBefore = { up: 0, down: 0 } } of steps) {
    add(kind === "evaluate" ? stageNames.evaluation : stageNames[stage], bytesUp + fetchedBefore.up, bytesDown + fetchedBefore.down);
    if (fetchedBefore.up + fetchedBefore.down > 0) add(stageNames.evaluation, -fetchedBefore.up, -fetchedBefore.down);
  }
  return [...sums.values()];
}

function bytesFigure({ steps = [] }: RunRecord): Figure | null {
  const phases = bytesByPhase(steps);
  if (phases.length === 0) return null;
  const legend = ["up", "down"].map((name, index) => ({ ...seriesStyle(name, index), isDot: true }));
  const bars = phases.flatMap(({ phase, up, down }) => [
    { phase, way: "up", megabytes: up / 1e6, color: legend[0]?.color },
    { phase, way: "down", megabytes: down / 1e6, color: legend[1]?.color },
  ]);
  const description = phaseBytesText(phases);
  const options: Plot.PlotOptions = {
    marginLeft: 76,
    marginTop: size.marginTop,
    color: { type: "identity" },
    x: { label: axisNames.bytesAlone, grid: true },
    y: { label: null, domain: ["up", "down"], axis: null },
    fy: { label: null, domain: Object.values(stageNames).filter((name) => phases.some(({ phase }) => phase === name)), axis: "left" },
    marks: [Plot.barX(bars, { fy: "phase", y: "way", x: "megabytes", fill: "color" }), Plot.ruleX([0])],
  };
  return { title: runFigureTitles.bytes, description, svg: draw(options, description), legend };
}
