import { formatBytes, formatCount, formatSeconds, type TextScores } from "@tutti/core";
import type { StepRecord } from "@tutti/record";
import { roundCurve, stylesheet } from "@tutti/report";
import { alignColumns } from "@tutti/terminal";
import { driftByRound, type RowName, type RunCost, rowsOfRuns } from "./fedPtRows.ts";

/** Who answers, how, and what the run behind it took. */
export interface FedPtRow {
  readonly row: RowName;
  readonly scores: TextScores;
  /** Null for a model that nobody tuned. */
  readonly cost: RunCost | null;
}

/** What FedPT's report is made of. */
export interface FedPtResult {
  readonly runId: string;
  readonly small: string;
  readonly large: string;
  readonly a: number;
  readonly numRounds: number;
  readonly numTexts: number;
  readonly rows: readonly FedPtRow[];
  /** Of FedPT's own run. */
  readonly steps: readonly StepRecord[];
  readonly shown: readonly {
    readonly text: string;
    readonly reference: string;
    readonly answers: Readonly<Partial<Record<RowName, string>>>;
  }[];
}

type Table = readonly (readonly string[])[];

/** How the texts are answered and predicted. */
function scoreTable({ rows }: FedPtResult): Table {
  const head = ["answers by", "ROUGE-L", "exact match", "perplexity per token", "perplexity per byte"];
  return [
    head,
    ...rows.map(({ row, scores: { rougeL, exactMatch, perplexityPerToken, perplexityPerByte } }) => [
      rowsOfRuns[row].title,
      shown(rougeL, 4),
      shown(exactMatch, 4),
      shown(perplexityPerToken, 2),
      shown(perplexityPerByte, 3),
    ]),
  ];
}

/** What the run behind each row took. */
function costTable({ rows }: FedPtResult): Table {
  const bytes = (value: number | null | undefined) => (value == null ? "–" : formatBytes(value));
  const head = ["answers by", "up", "down", "memory of a tab", "memory of the compute client", "time"];
  return [
    head,
    ...rows.map(({ row, cost }) => [
      rowsOfRuns[row].title,
      bytes(cost?.perDeviceRound.up),
      bytes(cost?.perDeviceRound.down),
      bytes(cost?.peak.tab),
      bytes(cost?.peak.compute),
      cost === null ? "–" : formatSeconds(cost.seconds),
    ]),
  ];
}

function shown(value: number | null, digits: number): string {
  return value === null ? "–" : value.toFixed(digits);
}

/** The steps of compute clients, a row each. */
function computedTable({ steps }: FedPtResult): Table {
  const rows = steps.flatMap(({ round, computed, seconds }) => {
    if (computed === undefined) return [];
    const took = `${seconds.toFixed(1)} s`;
    if ("topKError" in computed) {
      const { numTexts, numPositions, topKError } = computed;
      const what = `scores of ${numTexts} public texts (${numPositions} tokens), of which topK leaves out ${topKError.toFixed(4)}`;
      return [[`${round}`, what, "", took]];
    }
    if ("answers" in computed) return []; // for the run's own report
    const { firstLoss, lastLoss, drift } = computed;
    return [[`${round}`, `distillation, loss ${firstLoss.toFixed(4)} to ${lastLoss.toFixed(4)}`, drift.toFixed(4), took]];
  });
  return [["round", "step", driftName, "time"], ...rows];
}

const driftName = "mean |s_student − s_untuned|";
const costNote =
  "Bytes of training, of a device in a round that it takes part in; most memory that the process of a tab's page, and the compute client, held; time of the whole run.";

function summary({ small, large, a, numTexts, numRounds }: FedPtResult): string {
  return `Small model ${small}, large model ${large}, a = ${a}, ${formatCount(numRounds, "round")}; the first ${numTexts} test texts, answered greedily.`;
}

/** For the terminal. */
export function fedPtText(result: FedPtResult): string {
  const computed = computedTable(result);
  return [
    summary(result),
    "",
    ...alignColumns(scoreTable(result)),
    "",
    ...alignColumns(costTable(result)),
    costNote,
    ...(computed.length === 1 ? [] : ["", ...alignColumns(computed)]),
  ].join("\n");
}

/** A page that needs nothing else. */
export function fedPtPage(result: FedPtResult): string {
  const rows = result.rows.map(({ row }) => row);
  const headings = ["message", "reference", ...rows.map((row) => rowsOfRuns[row].title)];
  const answers = result.shown.map(({ text, reference, answers: said }) => [text, reference, ...rows.map((row) => said[row] ?? "")]);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>FedPT: ${escaped(result.runId)}</title>
<style>${stylesheet}</style></head>
<body><main><h1>FedPT</h1>
<p class="soft">${escaped(summary(result))}</p>
${section("Scores", scoreTable(result))}
${section("Costs", costTable(result))}
<p class="soft">${escaped(costNote)}</p>
${section("Steps of the compute client", computedTable(result), ["step"])}
${driftFigure(result)}
${section("Answers beside the reference", [headings, ...answers], headings)}
</main></body></html>
`;
}

/** How far distillation moves the student's scores, round by round; nothing where nothing was distilled. */
function driftFigure({ steps }: FedPtResult): string {
  const points = driftByRound(steps).map(({ round, drift }) => ({ round, value: drift }));
  const last = points.at(-1);
  if (last === undefined) return "";
  const description = `${driftName} after the distillation of each round; ${last.value.toFixed(4)} in round ${last.round}.`;
  return `<figure><figcaption>${escaped(driftName)} by round</figcaption>${roundCurve(points, { label: driftName, description })}</figure>`;
}

/** A heading and its table, which scrolls by itself where the screen is narrow; columns of these names hold text. */
function section(title: string, [head = [], ...rows]: Table, texts: readonly string[] = []): string {
  if (rows.length === 0) return "";
  const kindOf = (column: number) => (texts.includes(head[column] ?? "") ? ' class="text"' : "");
  const cellOf = (text: string, column: number, scope: string) =>
    scope === "" ? `<td${kindOf(column)}>${escaped(text)}</td>` : `<th scope="${scope}"${kindOf(column)}>${escaped(text)}</th>`;
  const columns = head.map((text, column) => cellOf(text, column, "col")).join("");
  const lines = rows.map((cells) => `<tr>${cells.map((text, column) => cellOf(text, column, column === 0 ? "row" : "")).join("")}</tr>`);
  const table = `<table><thead><tr>${columns}</tr></thead><tbody>\n${lines.join("\n")}\n</tbody></table>`;
  return `<h2>${escaped(title)}</h2>\n<div class="wide" role="region" tabindex="0" aria-label="${escaped(title)}">${table}</div>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
