import { expectedBreakEvenRound } from "./breakEven.ts";
import { formatBytes, formatNumber, formatScore, formatSeconds } from "./format.ts";
import type { RunReport, Scores } from "./runResult.ts";

/** Said wherever a zero-shot row is shown. */
export const zeroShotNote = "zero-shot: minuet's second pretraining stage saw label words in cloze sentences, so it is no untouched model";

/** Rows of cells as lines with aligned columns; the first column is left-aligned, the others right-aligned. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

const scoreRows: readonly (readonly [keyof Scores, string])[] = [
  ["global", "global"],
  ["personalised", "personalised"],
  ["newcomer", "newcomer"],
  ["globalBest", "global, best on validation"],
  ["majority", "majority class"],
  ["zeroShot", "zero-shot"],
];

/** Coverage of the last evaluation by protocol: devices that answered / N. */
export function finalCoverage(report: RunReport): Map<string, number> {
  const coverage = new Map<string, number>();
  for (const { evaluations } of report.steps) {
    for (const { protocol, split, coverage: share } of evaluations) if (split === "test") coverage.set(protocol, share);
  }
  return coverage;
}

function scoreLines(report: RunReport): string[] {
  const coverage = finalCoverage(report);
  const rows = scoreRows.map(([key, name]) => {
    const share = coverage.get(key === "globalBest" ? "global" : key);
    return [
      name,
      formatScore(report.result.accuracy[key]),
      formatScore(report.result.f1[key]),
      share === undefined ? "–" : `${Math.round(share * 100)} %`,
    ];
  });
  return alignColumns([["test split", "accuracy", "macro F1", "coverage"], ...rows]);
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
    ...(ritz.length > 0 ? ["Ritz values of the loss' curvature", ...ritz] : []),
  ];
}

/** When the smaller uploads have paid for Stages A and B, in words. */
export function describeBreakEven({ result, uploads }: RunReport): string {
  const { breakEvenRound, bytes, rounds } = result;
  if (breakEvenRound !== null) return `round ${breakEvenRound} of ${rounds}`;
  const expected = expectedBreakEvenRound(bytes.stagesAB, uploads);
  return `not within ${rounds} rounds${expected === null ? "" : `; at this rate round ${expected}`}`;
}

function byteLines(report: RunReport): string[] {
  const { bytes, rounds } = report.result;
  const trained = report.steps.filter(({ stage, kind }) => stage === "train" && kind === "train");
  const sum = (key: "bytesUp" | "bytesDown") => trained.reduce((total, step) => total + step[key], 0);
  return alignColumns([
    ["bytes on the wire", "up", "down"],
    ["everything", formatBytes(bytes.up), formatBytes(bytes.down)],
    [`training, ${rounds} rounds`, formatBytes(sum("bytesUp")), formatBytes(sum("bytesDown"))],
    ["the same, all layers in f32", formatBytes(bytes.upAllLayersF32), formatBytes(bytes.downAllLayersF32)],
    ["scoring and counting, both ways", formatBytes(bytes.stagesAB), ""],
    ["evaluation, both ways", formatBytes(bytes.evaluation), ""],
  ]);
}

/** The final table of a run as plain text. */
export function renderTable(report: RunReport): string {
  const { result, settings } = report;
  const { seconds } = result;
  const heading = `${result.task} on ${settings.backbone}: ${result.numDevices} devices in ${result.numTabs} tabs, ${result.rounds} rounds, seed ${result.seed}, ${result.backend} × ${result.threads}`;
  const times = [
    ["scoring", "counting", "training", "evaluation", "total"],
    [seconds.scoring, seconds.counting, seconds.training, seconds.evaluation, seconds.total].map(formatSeconds),
  ];
  const blocks = [
    [heading],
    [...scoreLines(report), `(${zeroShotNote})`],
    layerLines(report),
    [...byteLines(report), `the smaller uploads have paid for scoring and counting: ${describeBreakEven(report)}`],
    alignColumns(times.map((cells, row) => [row === 0 ? "time" : "", ...cells])),
    ...(report.notes.length > 0 ? [report.notes.map((note) => `note: ${note}`)] : []),
    [`parameters ${result.parametersSha256}`],
  ];
  return blocks.map((lines) => lines.join("\n")).join("\n\n");
}
