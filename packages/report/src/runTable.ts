import { formatBytes, formatCount, formatNumber, formatPercent, formatScore, formatSeconds, formatWhole, ranksText } from "@tutti/core";
import { type RunRecord, resultOf, type Scores, scoresIn, type TrafficLabel } from "@tutti/record";
import { alignColumns } from "@tutti/terminal";
import { promptSentence } from "./sentences/prompts.ts";
import { breakEvenText, inClientsText, keptLayersText, positionText, scoreRemarks, skippedText } from "./sentences/runs.ts";
import { textNotes, zeroShotNote } from "./sentences/scores.ts";
import { percentText, scoreText, wholeText } from "./text.ts";
import { isOfTexts, textRunLines } from "./textScores.ts";
import {
  ritzSummary,
  runHeads,
  runScoreRows,
  runSeries,
  spreadRows,
  stageNames,
  textRunHeads,
  textSpreadRows,
  trafficRows,
} from "./words.ts";

/** A line for each way of evaluating one run, in the order of `runHeads.scores`. */
export function scoreLines(run: RunRecord): string[][] {
  // of the last evaluation by protocol: devices that answered / N
  const coverage = new Map(run.curve.filter(({ split }) => split === "test").map((point) => [point.protocol, point.coverage]));
  const [accuracy, f1, texts] = [scoresIn(run, "accuracy"), scoresIn(run, "macroF1"), scoresIn(run, "numTexts")];
  return (Object.keys(runScoreRows) as (keyof Scores)[]).map((key) => {
    const share = key === "majority" ? undefined : coverage.get(key === "globalBest" ? "global" : key);
    const percent = share === undefined ? "–" : percentText(share);
    return [runScoreRows[key], formatScore(accuracy[key]), formatScore(f1[key]), wholeText(texts[key]), percent];
  });
}

/** Accuracy and loss over devices, in the order of `runHeads.spread`; none where devices were not measured by themselves. */
export function spreadLines(run: RunRecord): string[][] {
  const spread = run.final.personalised?.spread;
  if (spread === undefined) return [];
  const names = isOfTexts(run) ? textSpreadRows : spreadRows;
  return [
    [names.accuracy, scoreText(spread.meanAccuracy), scoreText(spread.worstTenthAccuracy)],
    [names.loss, scoreText(spread.meanLoss), scoreText(spread.worstTenthLoss)],
  ];
}

/** A line for each layer, in the order of `runHeads.layers`. */
export function layerLines({ layerScores, selectedLayers }: RunRecord): string[][] {
  return layerScores.map((score, layer) => [
    String(layer),
    score === null ? runSeries.notScored : formatNumber(score),
    selectedLayers.includes(layer) ? "yes" : "no",
  ]);
}

/** A line for each device that was planned for, in the order of `runHeads.plans`: what its client claims, then the plan. */
export function planLines({ plans = [] }: RunRecord): string[][] {
  return plans.map(({ deviceId, machine, bits, batchSize, ranks, numValues, seconds, underUse }) => [
    String(deviceId),
    `${formatNumber(machine.flopsPerSecond / 1e9)} Gflop/s`,
    formatBytes(machine.memoryBytes),
    `${formatBytes(machine.bytesPerSecond)}/s`,
    String(bits),
    String(batchSize),
    ranksText(ranks),
    formatWhole(numValues),
    formatSeconds(seconds),
    formatPercent(underUse),
  ]);
}

/** A number that no line break falls into: a hyphen would allow one. */
const unbroken = (value: number) => formatNumber(value).replaceAll("-", "\u2212");

/** A line for each probing device, in the order of `runHeads.ritz`. */
export function ritzLines({ spectra }: RunRecord): string[][] {
  return spectra.map(({ deviceId, ritzValues, ritzWeights }) => [
    String(deviceId),
    ritzValues.map(unbroken).join(" "),
    ritzWeights.map(unbroken).join(" "),
  ]);
}

/** Bytes of each kind of traffic, of everything, and, once a round has trained, of all layers in f32, in the order of `runHeads.traffic`; none where they were not counted. */
export function trafficLines(run: RunRecord): string[][] {
  const { traffic } = run;
  if (traffic === undefined) return [];
  const line = (name: string, labels: readonly TrafficLabel[]) => [
    name,
    ...(["up", "down"] as const).map((way) => formatBytes(Math.round(labels.reduce((sum, label) => sum + traffic[label][way], 0)))),
  ];
  const { bytes, rounds } = resultOf(run);
  return [
    line(stageNames.score, ["score"]),
    line(stageNames.count, ["count"]),
    line(stageNames.train, ["train"]),
    line(stageNames.evaluation, ["evaluation"]),
    line(trafficRows.states, ["states"]),
    line(trafficRows.loading, ["backbone", "dataset", "pages"]),
    [trafficRows.total, formatBytes(bytes.up), formatBytes(bytes.down)],
    ...(rounds === 0 ? [] : [[trafficRows.allLayers(rounds), formatBytes(bytes.upAllLayersF32), formatBytes(bytes.downAllLayersF32)]]),
  ];
}

/** Time by phase, in the order of `runHeads.time`. */
export function timeLines({ seconds }: RunRecord): string[][] {
  const { scoring, counting, training, evaluation, total } = seconds;
  const lines = [
    ...([
      [stageNames.score, scoring],
      [stageNames.count, counting],
      [stageNames.train, training],
    ] as const),
    ...([
      [stageNames.evaluation, evaluation],
      [trafficRows.total, total],
    ] as const),
  ];
  return lines.map(([name, value]) => [name, formatSeconds(value)]);
}

/** The final table of a run as plain text. */
export function renderTable(run: RunRecord): string {
  const { settings, notes = [], threads, position, parametersSha256, layerScores } = run;
  const { numDevices, rounds } = resultOf(run);
  const backend = `${run.backend}${threads === undefined ? "" : ` × ${threads}`}`;
  const spread = spreadLines(run);
  const traffic = trafficLines(run);
  const blocks: (readonly string[])[] = [
    [
      `${run.task} on ${settings.backbone}: ${formatCount(numDevices, "device")}${inClientsText(run)}, ${formatCount(rounds, "round")}, seed ${run.seed}, ${backend}`,
    ],
    position === undefined ? [] : [positionText(position)],
    isOfTexts(run)
      ? [...alignColumns([[...textRunHeads], ...textRunLines(run)]), ...textNotes, ...[skippedText(run) ?? []].flat()]
      : [...alignColumns([runHeads.scores, ...scoreLines(run)]), `(${zeroShotNote})`, ...scoreRemarks(run)],
    [promptSentence(run) ?? []].flat(),
    spread.length === 0 ? [] : alignColumns([runHeads.spread, ...spread]),
    layerScores.length === 0 ? [] : layerBlock(run),
    traffic.length === 0 ? [] : [...alignColumns([runHeads.traffic, ...traffic]), ...[breakEvenText(run) ?? []].flat()],
    alignColumns([runHeads.time, ...timeLines(run)]),
    notes.map((note) => `note: ${note}`),
    parametersSha256 === undefined ? [] : [`parameters ${parametersSha256}`],
  ];
  return blocks
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function layerBlock(run: RunRecord): string[] {
  const { spectra } = run;
  const ritz = spectra.map(({ deviceId, ritzValues }) => `  device ${deviceId}: ${ritzText(ritzValues)}`);
  return [...alignColumns([runHeads.layers, ...layerLines(run)]), keptLayersText(run), ...(ritz.length > 0 ? [ritzSummary, ...ritz] : [])];
}

/** How many there are and how far they reach: all of them are in the report. */
function ritzText(values: readonly number[]): string {
  if (values.length === 0) return "none";
  return `${formatCount(values.length, "value")}, from ${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))}`;
}
