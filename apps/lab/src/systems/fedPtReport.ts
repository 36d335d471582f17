import type { ProxyAnswerer } from "@tutti/model";
import type { StepRecord } from "@tutti/record";
import { stylesheet } from "@tutti/report";
import { alignColumns } from "@tutti/terminal";
import type { ProxyRows } from "./proxyRows.ts";

/** What FedPT's report is made of. */
export interface FedPtResult extends ProxyRows {
  readonly runId: string;
  readonly small: string;
  readonly large: string;
  readonly a: number;
  readonly seconds: number;
  readonly bytes: { readonly up: number; readonly down: number };
  readonly steps: readonly StepRecord[];
}

const titles: Readonly<Record<ProxyAnswerer, string>> = {
  large: "large, untouched",
  small: "small, federated",
  proxy: "proxy-tuned",
};

/** The rows of the table: who answers, ROUGE-L, exact match. */
function scoreRows({ rows }: FedPtResult): string[][] {
  return rows.map(({ of, rougeL, exactMatch }) => [titles[of], rougeL.toFixed(4), exactMatch.toFixed(4)]);
}

/** The steps of compute clients, a row each. */
function computedRows({ steps }: FedPtResult): string[][] {
  return steps.flatMap(({ round, computed, seconds }) => {
    if (computed === undefined) return [];
    const took = `${seconds.toFixed(1)} s`;
    if ("topKError" in computed) {
      const { numTexts, numPositions, topKError } = computed;
      return [
        [
          `${round}`,
          `scores of ${numTexts} public texts (${numPositions} tokens), of which topK leaves out ${topKError.toFixed(4)}`,
          "",
          took,
        ],
      ];
    }
    if ("answers" in computed) return []; // for the run's own report
    const { firstLoss, lastLoss, drift } = computed;
    return [[`${round}`, `distillation, loss ${firstLoss.toFixed(4)} to ${lastLoss.toFixed(4)}`, drift.toFixed(4), took]];
  });
}

const headings = { scores: ["answers by", "ROUGE-L", "exact match"], computed: ["round", "step", "mean |s_student − s_untuned|", "time"] };

function summary({ small, large, a, numTexts, seconds, bytes }: FedPtResult): string {
  const traffic = `${(bytes.up / 1000).toFixed(0)} kB up, ${(bytes.down / 1000).toFixed(0)} kB down`;
  return `Small model ${small}, large model ${large}, a = ${a}; the first ${numTexts} test texts, greedy; ${seconds.toFixed(0)} s, ${traffic} of all devices.`;
}

const answerHeadings = ["message", "reference", titles.large, titles.small, titles.proxy];

/** For the terminal. */
export function fedPtText(result: FedPtResult): string {
  return [
    summary(result),
    "",
    ...alignColumns([headings.scores, ...scoreRows(result)]),
    "",
    ...alignColumns([headings.computed, ...computedRows(result)]),
  ].join("\n");
}

/** A page that needs nothing else. */
export function fedPtPage(result: FedPtResult): string {
  const answers = result.answers.map(({ text, reference, large, small, proxy }) => [text, reference, large, small, proxy]);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>FedPT: ${escaped(result.runId)}</title>
<style>${stylesheet}</style></head>
<body><main><h1>FedPT</h1>
<p class="soft">${escaped(summary(result))}</p>
${section("Scores", [headings.scores, ...scoreRows(result)])}
${section("Steps of the compute client", [headings.computed, ...computedRows(result)], ["step"])}
${section("Answers beside the reference", [answerHeadings, ...answers], answerHeadings)}
</main></body></html>
`;
}

/** A heading and its table, which scrolls by itself where the screen is narrow; columns of these names hold text. */
function section(title: string, [head = [], ...rows]: readonly (readonly string[])[], texts: readonly string[] = []): string {
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
