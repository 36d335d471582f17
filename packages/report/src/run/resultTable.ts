import { formatBytes, formatCount, formatNumber, formatScore, formatSeconds } from "@tutti/core";
import type { RunReport, Scores, TrafficLabel } from "@tutti/record";
import { expectedBreakEvenRound } from "@tutti/record";
import { alignColumns } from "@tutti/terminal";

/** Said wherever a zero-shot row is shown. */
export const zeroShotNote =
  "zero-shot: minuet's second pretraining stage saw label words in cloze sentences, so this score is not from a model that never saw them";

/** The rows of every table of scores. */
const scoreRows: readonly (readonly [keyof Scores, string])[] = [
  ["global", "global"],
  ["personalised", "personalised"],
  ["newcomer", "newcomer"],
  ["globalBest", "global, round chosen on validation"],
  ["majority", "majority class"],
  ["zeroShot", "zero-shot"],
];

/** Coverage of the last evaluation by protocol: devices that answered / N. */
function finalCoverage(report: RunReport): Map<string, number> {
  const coverage = new Map<string, number>();
  for (const { evaluations } of report.steps) {
    for (const { protocol, split, coverage: share } of evaluations) if (split === "test") coverage.set(protocol, share);
  }
  return coverage;
}

/** Heads of every table of scores. */
export const scoreHeads = ["test split", "accuracy", "macro F1", "of texts", "coverage"] as const;

/** A line for each way of evaluating, in the order of the heads. */
export function scoreLines(report: RunReport): string[][] {
  const coverage = finalCoverage(report);
  const { texts } = report;
  const { accuracy, f1 } = report.result;
  return scoreRows.map(([key, name]) => {
    const share = coverage.get(key === "globalBest" ? "global" : key);
    const percent = share === undefined ? "–" : `${Math.round(share * 100)} %`;
    return [name, formatScore(accuracy[key]), formatScore(f1[key]), texts[key]?.toLocaleString("en") ?? "–", percent];
  });
}

function layerLines({ result, spectra }: RunReport): string[] {
  const scores = result.layerScores.map((score, layer) => [
    `layer ${layer}`,
    score === null ? "not scored" : formatNumber(score),
    result.selectedLayers.includes(layer) ? "travels" : "stays",
  ]);
  const ritz = spectra.map(({ deviceId, ritzValues }) => {
    const sorted = [...ritzValues].sort((a, b) => a - b);
    return `  device ${deviceId}: ${sorted.map(formatNumber).join(" ")}`;
  });
  const share = `r = ${formatNumber(result.keepFraction)}: ${result.selectedLayers.length} of ${result.layerScores.length} layers travel`;
  return [
    ...alignColumns([["layer", "score", ""], ...scores]),
    share,
    ...(ritz.length > 0 ? ["Ritz values of the loss's curvature", ...ritz] : []),
  ];
}

/** When the smaller uploads have paid for Stages A and B, in words. */
export function describeBreakEven({ result, uploads }: RunReport): string {
  const { breakEvenRound, bytes, rounds } = result;
  if (breakEvenRound !== null) return `round ${breakEvenRound} of ${rounds}`;
  const expected = expectedBreakEvenRound(bytes.stagesAB, uploads);
  return `not within ${formatCount(rounds, "round")}${expected === null ? "" : `; at this rate round ${expected}`}`;
}

const trafficNames: readonly (readonly [string, readonly TrafficLabel[]])[] = [
  ["scoring", ["score"]],
  ["counting", ["count"]],
  ["training", ["train"]],
  ["evaluation", ["evaluation"]],
  ["device states kept by the coordinator", ["states"]],
  ["backbone, data set, pages", ["backbone", "dataset", "pages"]],
];

/** Name, bytes up and bytes down of each kind of traffic, then of everything, then of all layers in f32. */
export function trafficRows({ traffic, result }: RunReport): string[][] {
  const sum = (labels: readonly TrafficLabel[], way: "up" | "down") =>
    formatBytes(Math.round(labels.reduce((total, label) => total + traffic[label][way], 0)));
  const { up, down, upAllLayersF32, downAllLayersF32 } = result.bytes;
  return [
    ...trafficNames.map(([name, labels]) => [name, sum(labels, "up"), sum(labels, "down")]),
    ["everything", formatBytes(up), formatBytes(down)],
    [`${formatCount(result.rounds, "training round")} with all layers in f32`, formatBytes(upAllLayersF32), formatBytes(downAllLayersF32)],
  ];
}

/** The final table of a run as plain text. */
export function renderTable(report: RunReport): string {
  const { result, settings } = report;
  const { seconds } = result;
  const heading = `${result.task} on ${settings.backbone}: ${formatCount(result.numDevices, "device")} in ${formatCount(result.numTabs, "tab")}, ${formatCount(result.rounds, "round")}, seed ${result.seed}, ${result.backend} × ${result.threads}`;
  const times = [
    ["scoring", "counting", "training", "evaluation", "total"],
    [seconds.scoring, seconds.counting, seconds.training, seconds.evaluation, seconds.total].map(formatSeconds),
  ];
  const blocks = [
    [heading],
    [...alignColumns([scoreHeads, ...scoreLines(report)]), `(${zeroShotNote})`],
    layerLines(report),
    [
      ...alignColumns([["bytes on the wire", "up", "down"], ...trafficRows(report)]),
      `the smaller uploads have paid for scoring and counting: ${describeBreakEven(report)}`,
    ],
    alignColumns(times.map((cells, row) => [row === 0 ? "time" : "", ...cells])),
    ...(report.notes.length > 0 ? [report.notes.map((note) => `note: ${note}`)] : []),
    [`parameters ${result.parametersSha256}`],
  ];
  return blocks.map((lines) => lines.join("\n")).join("\n\n");
}
