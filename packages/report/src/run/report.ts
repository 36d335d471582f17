import { formatCount, formatNumber, formatSeconds } from "@tutti/core";
import type { RunReport } from "@tutti/record";
import { renderPlots } from "./plots.ts";
import { describeBreakEven, scoreHeads, scoreLines, trafficRows, zeroShotNote } from "./resultTable.ts";

const stylesheet = `
:root { color-scheme: light dark; --series-1: #2563eb; --series-2: #d9730d; --series-3: #0f8a5f; --series-4: #9333ea; --line: #d4d4d8; --soft: #52525b; --back: #fff; --ink: #18181b }
@media (prefers-color-scheme: dark) {
  :root { --series-1: #7aa2ff; --series-2: #ffab5c; --series-3: #4fd1a1; --series-4: #c79bff; --line: #3f3f46; --soft: #a1a1aa; --back: #18181b; --ink: #f4f4f5 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--back); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0.5rem 0 } h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem }
p, li { color: var(--soft) } p { margin: 0.5rem 0 }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); gap: 1.5rem 2rem }
figure { margin: 0 } figcaption { font-weight: 600; margin-bottom: 0.5rem } figure svg { display: block; width: 100%; height: auto; max-width: 100% }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; list-style: none; margin: 0.25rem 0 0; padding: 0; font-size: 0.875rem }
.legend li::before { content: ""; display: inline-block; width: 0.75rem; height: 0.75rem; border-radius: 50%; margin-right: 0.375rem; background: var(--series) }
.wide { overflow-x: auto }
table { border-collapse: collapse; overflow-wrap: normal; min-width: 18rem; font-variant-numeric: tabular-nums } caption { text-align: left; color: var(--soft) }
th, td { padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid var(--line); text-align: right } th:first-child, td:first-child { text-align: left }
@media (max-width: 30rem) { table { min-width: 100%; font-size: 0.875rem } th, td { padding-right: 0.4rem } }
details { margin: 0.5rem 0 } summary { cursor: pointer; padding: 0.5rem 0; color: var(--soft) }
pre { overflow-x: auto; font-size: 0.8rem; padding: 0.75rem; border: 1px solid var(--line); border-radius: 0.375rem }
`;

/** Text as it may stand in HTML. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string) => row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("");
  const body = rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("");
  return `<div class="wide"><table><thead><tr>${cells(head, "th")}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** What few readers need, behind a line that opens it. */
const folded = (summary: string, html: string) => `<details><summary>${escapeHtml(summary)}</summary>${html}</details>`;

function scores(report: RunReport): string {
  return `${table(scoreHeads, scoreLines(report))}<p>${escapeHtml(zeroShotNote)}.</p>`;
}

/** A number that no line break falls into: a hyphen would allow one. */
const unbroken = (value: number) => formatNumber(value).replaceAll("-", "\u2212");

function layers({ result, spectra }: RunReport): string {
  const rows = result.layerScores.map((score, layer) => [
    String(layer),
    score === null ? "not scored" : formatNumber(score),
    result.selectedLayers.includes(layer) ? "travels" : "stays",
  ]);
  const ritz = spectra.map(({ deviceId, ritzValues, ritzWeights }) => [
    String(deviceId),
    ritzValues.map(unbroken).join(" "),
    ritzWeights.map(unbroken).join(" "),
  ]);
  const share = `<p>Share of layers to keep r = ${formatNumber(result.keepFraction)}: ${result.selectedLayers.length} of ${result.layerScores.length} layers travel.</p>`;
  const numbers = ritz.length > 0 ? folded("The Ritz values behind r", table(["device", "Ritz values", "weights"], ritz)) : "";
  return `${table(["layer", "score", ""], rows)}${share}${numbers}`;
}

function traffic(report: RunReport): string {
  const paid = `<p>The smaller uploads have paid for scoring and counting: ${escapeHtml(describeBreakEven(report))}.</p>`;
  return `${table(["bytes on the wire", "up", "down"], trafficRows(report))}${paid}`;
}

function figure({ title, svg, legend }: ReturnType<typeof renderPlots>[number]): string {
  const names = legend.map((name, index) => `<li style="--series: var(--series-${index + 1})">${escapeHtml(name)}</li>`).join("");
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>${svg}<ul class="legend">${names}</ul></figure>`;
}

/** A self-contained page about one run: no script, no request, for phone and desk, dark and light. */
export function renderReport(report: RunReport): string {
  const { result, settings } = report;
  const { scoring, counting, training, evaluation, total } = result.seconds;
  const title = `${result.task} on ${settings.backbone}`;
  const figures = renderPlots(report).map(figure);
  const times = table(
    ["time", ""],
    [
      ["scoring", formatSeconds(scoring)],
      ["counting", formatSeconds(counting)],
      ["training", formatSeconds(training)],
      ["evaluation", formatSeconds(evaluation)],
      ["total", formatSeconds(total)],
    ],
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tutti: ${escapeHtml(title)}</title>
<style>${stylesheet}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${formatCount(result.numDevices, "device")} in ${formatCount(result.numTabs, "tab")}, ${formatCount(result.rounds, "training round")}, seed ${result.seed}. ${escapeHtml(report.backendReason)}. ${escapeHtml(report.machine)}. Run ${escapeHtml(report.runId)}.</p>
<h2>Scores</h2>
${scores(report)}
<h2>Figures</h2>
<div class="figures">
${figures.join("\n")}
</div>
<h2>Layers</h2>
${layers(report)}
<h2>Traffic</h2>
${traffic(report)}
<h2>Time</h2>
${times}
${report.notes.length > 0 ? `<h2>Notes</h2><ul>${report.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("")}</ul>` : ""}
<h2>Settings</h2>
${folded("All settings of the run", `<pre>${escapeHtml(JSON.stringify(settings, null, 2))}</pre>`)}
<p>Parameters ${result.parametersSha256}</p>
</body>
</html>
`;
}
