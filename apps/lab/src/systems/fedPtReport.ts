import type { ProxyAnswerer } from "@tutti/model";
import type { StepRecord } from "@tutti/record";
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
      return [[`${round}`, `scores of ${numTexts} public texts (${numPositions} tokens), off by ${topKError.toFixed(4)}`, "", took]];
    }
    const { firstLoss, lastLoss, drift } = computed;
    return [[`${round}`, `distillation, loss ${firstLoss.toFixed(4)} to ${lastLoss.toFixed(4)}`, drift.toFixed(4), took]];
  });
}

const headings = { scores: ["answers by", "ROUGE-L", "exact match"], computed: ["round", "step", "mean |s_student − s_untuned|", "time"] };

function summary({ small, large, a, numTexts, seconds, bytes }: FedPtResult): string {
  const traffic = `${(bytes.up / 1000).toFixed(0)} kB up, ${(bytes.down / 1000).toFixed(0)} kB down`;
  return `Small model ${small}, large model ${large}, a = ${a}; the first ${numTexts} test texts, greedy; ${seconds.toFixed(0)} s, ${traffic} of all devices.`;
}

/** For the terminal. */
export function fedPtText(result: FedPtResult): string {
  return [
    summary(result),
    "",
    ...aligned([headings.scores, ...scoreRows(result)]),
    "",
    ...aligned([headings.computed, ...computedRows(result)]),
  ].join("\n");
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** A page that needs nothing else. */
export function fedPtPage(result: FedPtResult): string {
  const answers = result.answers.map(({ text, reference, large, small, proxy }) => [text, reference, large, small, proxy]);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>FedPT: ${escaped(result.runId)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;margin:1rem 0}
th,td{border-bottom:1px solid #999;padding:.3rem .8rem;text-align:left;vertical-align:top}</style></head>
<body><h1>FedPT</h1>
<p>${escaped(summary(result))}</p>
${table("How right the answers are", [headings.scores, ...scoreRows(result)])}
${table("What the server computed", [headings.computed, ...computedRows(result)])}
${table("Answers to public test texts", [["message", "reference", titles.large, titles.small, titles.proxy], ...answers])}
</body></html>
`;
}

function table(caption: string, [head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string) => `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  const body = rows.map((row) => line(row, "td")).join("\n");
  return `<table><caption>${escaped(caption)}</caption><thead>${line(head, "th")}</thead><tbody>\n${body}\n</tbody></table>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
