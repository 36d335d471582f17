import * as Plot from "@observablehq/plot";
import type { EvaluationRecord, RunReport } from "@tutti/record";
import { parseHTML } from "linkedom";
import { textsText, withRemarks } from "../experiment/text.ts";

interface PlotOfReport {
  readonly title: string;
  readonly svg: string;
  /** What the colours mean, in their order. */
  readonly legend: readonly string[];
}

// Narrow on purpose: on a phone the figure is shown about as large as it is drawn, so its letters stay readable.
const size = { width: 420, height: 260, marginLeft: 52, marginBottom: 36 };
const colors = ["var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)"];
const phaseNames = { score: "scoring", count: "counting", train: "training" } as const;
const style = { fontSize: "12px", background: "none", color: "currentColor", overflow: "visible" };

function render(options: Plot.PlotOptions): string {
  const { document } = parseHTML("<html><body></body></html>");
  const figure = Plot.plot({ ...size, style, document, ...options });
  return figure.outerHTML;
}

interface Point {
  readonly round: number;
  readonly value: number;
  readonly series: string;
}

/** Values of the test split after each evaluated round of the training stage. */
export function evaluationPoints({ steps }: RunReport, value: (record: EvaluationRecord) => number): Point[] {
  return steps
    .filter(({ stage, kind }) => stage === "train" && kind === "evaluate")
    .flatMap(({ round, evaluations }) =>
      evaluations
        .filter(({ split, protocol }) => split === "test" && protocol !== "zeroShot")
        .map((record) => ({ round, value: value(record), series: record.protocol })),
    );
}

function lines(title: string, points: readonly Point[], label: string, extra: readonly Plot.Markish[] = []): PlotOfReport {
  const legend = [...new Set(points.map(({ series }) => series))];
  const svg = render({
    color: { domain: legend, range: colors },
    x: { label: "round", ticks: 6, tickFormat: "d", interval: 1 },
    y: { label, grid: true, nice: true },
    marks: [
      ...extra,
      Plot.line(points, { x: "round", y: "value", z: "series", stroke: "series", strokeWidth: 2 }),
      Plot.dot(points, { x: "round", y: "value", fill: "series", r: 3 }),
    ],
  });
  return { title, svg, legend };
}

function accuracy(report: RunReport): PlotOfReport {
  const { majority, zeroShot } = report.result.accuracy;
  const controls = [
    { name: "majority", value: majority },
    { name: "zero-shot", value: zeroShot },
  ].filter(({ value }) => value !== null);
  const marks = [
    Plot.ruleY(controls, { y: "value", strokeDasharray: "4 4", strokeOpacity: 0.6 }),
    Plot.text(controls, { y: "value", text: "name", frameAnchor: "left", dx: 4, dy: -6, textAnchor: "start" }),
  ];
  const points = evaluationPoints(report, (record) => record.accuracy);
  const counts = report.steps.flatMap(({ evaluations }) => evaluations.filter(({ split }) => split === "test"));
  const label = withRemarks("accuracy", [textsText(counts.map(({ numExamples }) => numExamples))]);
  return lines("Accuracy on the test split by round", points, label, marks);
}

function loss({ steps }: RunReport): PlotOfReport {
  const points = steps
    .filter(({ stage, kind }) => stage === "train" && kind === "train")
    .flatMap(({ round, firstLoss, lastLoss }) => [
      { round, value: firstLoss, series: "first local epoch" },
      { round, value: lastLoss, series: "last local epoch" },
    ])
    .filter((point): point is Point => point.value !== null);
  return lines("Training loss by round", points, "loss");
}

function layerScores({ result }: RunReport): PlotOfReport {
  const legend = ["travels", "stays on the device"];
  const layers = result.layerScores.map((score, layer) => ({
    layer: String(layer),
    score,
    series: legend[result.selectedLayers.includes(layer) ? 0 : 1],
  }));
  const scored = layers.filter(({ score }) => score !== null);
  const svg = render({
    color: { domain: legend, range: colors },
    x: { label: "layer", domain: layers.map(({ layer }) => layer), type: "point", padding: 0.5 },
    y: { label: "score", grid: true, nice: true },
    marks: [
      Plot.dot(scored, { x: "layer", y: "score", fill: "series", r: 7 }),
      Plot.text(
        layers.filter(({ score }) => score === null),
        { x: "layer", text: () => "not scored", frameAnchor: "bottom", dy: -8 },
      ),
    ],
  });
  return { title: "Layer scores", svg, legend };
}

/** Bytes by what they are charged to: what a step needed and an evaluation had fetched is the step's. */
export function bytesByPhase(steps: RunReport["steps"]): { phase: string; way: "up" | "down"; bytes: number }[] {
  const sums = new Map<string, { phase: string; way: "up" | "down"; bytes: number }>();
  const add = (phase: string, way: "up" | "down", value: number) => {
    const bar = sums.get(`${phase}|${way}`) ?? { phase, way, bytes: 0 };
    sums.set(`${phase}|${way}`, bar);
    bar.bytes += value;
  };
  for (const { stage, kind, bytesUp, bytesDown, fetchedBefore = { up: 0, down: 0 } } of steps) {
    const phase = kind === "evaluate" ? "evaluation" : phaseNames[stage];
    add(phase, "up", bytesUp + fetchedBefore.up);
    add(phase, "down", bytesDown + fetchedBefore.down);
    if (fetchedBefore.up + fetchedBefore.down === 0) continue;
    add("evaluation", "up", -fetchedBefore.up);
    add("evaluation", "down", -fetchedBefore.down);
  }
  return [...sums.values()];
}

function bytes({ steps }: RunReport): PlotOfReport {
  const bars = bytesByPhase(steps).map(({ phase, way, bytes: sum }) => ({ phase, way, megabytes: sum / 1e6 }));
  const svg = render({
    marginLeft: 76,
    color: { domain: ["up", "down"], range: colors },
    x: { label: "MB on the wire", grid: true },
    y: { label: null, domain: ["up", "down"], axis: null },
    fy: { label: null, domain: ["scoring", "counting", "training", "evaluation"], axis: "left" },
    marks: [Plot.barX(bars, { fy: "phase", y: "way", x: "megabytes", fill: "way" }), Plot.ruleX([0])],
  });
  return { title: "Bytes on the wire by phase", svg, legend: ["up", "down"] };
}

/** Where the curvature of the loss lies: one stem per Ritz value, as high as its weight. */
function spectrum({ spectra }: RunReport): PlotOfReport | null {
  if (spectra.length === 0) return null;
  const stems = spectra.flatMap(({ deviceId, ritzValues, ritzWeights }) =>
    ritzValues.map((value, index) => ({ value, weight: Math.max(0, ritzWeights[index] ?? 0), series: `device ${deviceId}` })),
  );
  const legend = [...new Set(stems.map(({ series }) => series))];
  const svg = render({
    color: { domain: legend, range: colors },
    x: { label: "Ritz value", ticks: 5, tickFormat: "~g", nice: true },
    y: { label: "weight (root scale)", type: "sqrt", grid: true, ticks: 5 },
    marks: [
      Plot.ruleX(stems, { x: "value", y: "weight", stroke: "series", strokeWidth: 2 }),
      Plot.dot(stems, { x: "value", y: "weight", fill: "series", r: 3 }),
      Plot.ruleY([0]),
    ],
  });
  return { title: "Curvature of the loss at the probing devices", svg, legend };
}

/** The figures of a report as SVG texts; a run that was not probed has no spectrum. */
export function renderPlots(report: RunReport): PlotOfReport[] {
  return [accuracy, loss, layerScores, bytes, spectrum].map((plot) => plot(report)).filter((plot) => plot !== null);
}
