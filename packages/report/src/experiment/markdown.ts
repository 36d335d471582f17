import { formatBytes } from "@tutti/core";
import type { ExperimentResult, Grid } from "@tutti/record";
import { costHeads, costNotes, costTables, layerScoresOf, rankCorrelations } from "@tutti/record";
import { curveFigure } from "./curves.ts";
import { fromMemoryNote, sourceTexts } from "./definitions.ts";
import type { Figure } from "./figure.ts";
import { findings } from "./findings.ts";
import { heatMap } from "./layerFigures.ts";
import { commandOf } from "./page.ts";
import { provenanceText } from "./provenance.ts";
import { rateHeads, rateLines } from "./rateLines.ts";
import { type Analysis, analyse, bestRoundScope, boldText, type ScoreCell, type ScoreTable, tableTitle, tieScope } from "./scoreTable.ts";
import { caveats, usageText } from "./sections.ts";
import { labelWordsSeen, metricNames, splitTexts } from "./tasks.ts";
import { differenceText, fewerSeedsText, scoreText, summaryText, withRemarks } from "./text.ts";
import { tradeoffFigure } from "./tradeoffFigure.ts";

/** A page for a folder of documents, with the drawings that it shows by file name. */
export interface MarkdownPage {
  readonly text: string;
  readonly figures: readonly { readonly name: string; readonly figure: Figure }[];
}

/** The result as Markdown: what came out, tables, drawings and the command that makes it; `folder` is where the page finds its drawings. */
export function renderMarkdown(result: ExperimentResult, folder: string, analysis: Analysis = analyse(result)): MarkdownPage {
  const { grid, tables } = analysis;
  const figures = figuresOf(grid);
  const shown = figures.map(({ name, figure: { description, note } }) =>
    [
      `![${escapeMarkdown(description)}](${encodeURI(`${folder}/${name}.svg`)})`,
      ...(note === undefined ? [] : [escapeMarkdown(note)]),
    ].join("\n\n"),
  );
  const failed = grid.failed.map((run) => `- ${escapeMarkdown(`${run.methodTitle}, ${run.task}, seed ${run.seed}: ${run.error ?? ""}`)}`);
  const sources = sourceTexts(result).map((text) => `- ${escapeMarkdown(text)}`);
  const blocks = [
    `# ${escapeMarkdown(result.title)}`,
    escapeMarkdown(result.question),
    `\`\`\`sh\n${commandOf(result)}\n\`\`\``,
    escapeMarkdown(`${result.startedAt.slice(0, 10)}, ${provenanceText(result)}. ${usageText(result)}`),
    "## What came out",
    [...findings(result, analysis), ...caveats(result), ...result.notes].map((sentence) => `- ${escapeMarkdown(sentence)}`).join("\n"),
    "## Scores",
    `Mean ± standard deviation over seeds, on the test split.${boldText(tables)} ≈ marks a tie with the highest mean of the column (paired bootstrap over test rows, 95 %). ${tieScope} ${bestRoundScope} A mean over fewer seeds than the experiment has says over how many.`,
    ...tables.map((table) => scoreMarkdown(table, result)),
    "## Cost",
    ...costMarkdown(grid),
    ...(shown.length === 0 ? [] : ["## Drawings", ...shown]),
    ...ranksMarkdown(grid),
    ...ratesMarkdown(result),
    "## Tasks",
    taskMarkdown(result, grid),
    ...(sources.length === 0 ? [] : ["## Source prompts", sources.join("\n")]),
    ...(failed.length === 0 ? [] : ["## Runs that failed", failed.join("\n")]),
    escapeMarkdown(fromMemoryNote),
  ];
  return { text: `${blocks.join("\n\n")}\n`, figures };
}

/** Text that stays text: what Markdown or HTML would read as markup is escaped. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_[\]|#~]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return [line(head.map(escapeMarkdown)), line(rule), ...rows.map(line)].join("\n");
}

function scoreMarkdown(scores: ScoreTable, { runs }: ExperimentResult): string {
  const { columns, rows, controls, numSeeds, texts } = scores;
  const heads = columns.map(({ label, metric }, index) =>
    withRemarks(label, [metric === "accuracy" ? null : metricNames[metric], texts[index] ?? null]),
  );
  const line = ({ row, cells }: ScoreTable["rows"][number]) => [
    escapeMarkdown(row.label),
    ...cells.map((cell) => cellMarkdown(cell, numSeeds)),
  ];
  const backbone = runs[0]?.settings.backbone ?? "";
  const lines = [
    ...rows.filter(({ row }) => !row.isControl).map(line),
    ...controls.map(({ label, cells }) => [`*${label}*`, ...cells.map(scoreText)]),
    ...rows.filter(({ row }) => row.isControl).map((control) => [`*${escapeMarkdown(control.row.label)}*`, ...line(control).slice(1)]),
    ["*Label words seen in pretraining*", ...columns.map(({ task }) => escapeMarkdown(labelWordsSeen(backbone, task)))],
  ];
  const title = tableTitle(scores);
  return `### ${title.slice(0, 1).toUpperCase()}${title.slice(1)}\n\n${table(["method", ...heads], lines)}`;
}

function cellMarkdown({ summary, isBest, behindTop }: ScoreCell, numSeeds: number): string {
  const text = summaryText(summary);
  const marked = isBest ? `**${text}**` : `${behindTop?.isTie ? "≈ " : ""}${text}`;
  return `${marked}${fewerSeedsText(summary, numSeeds)}`;
}

function costMarkdown(grid: Grid): string[] {
  const heads = ["method", ...costHeads];
  const tables = costTables(grid).map(({ conditions, costs }) => {
    const rows = costs.map(({ row, bytesUp, bytesDown, bytesStagesAB, bytesEvaluation, secondsTraining, secondsTotal }) => [
      escapeMarkdown(row.label),
      ...[bytesUp, bytesDown, bytesStagesAB, bytesEvaluation].map((value) => formatBytes(Math.round(value))),
      ...[secondsTraining, secondsTotal].map((value) => value.toFixed(1)),
    ]);
    return `Mean of a run${conditions === "" ? "" : `, ${escapeMarkdown(conditions)}`}:\n\n${table(heads, rows)}`;
  });
  return [...tables, ...costNotes.map(escapeMarkdown)];
}

function ranksMarkdown(grid: Grid): string[] {
  const rows = rankCorrelations(grid).map(({ row, first, second, mean, numSeeds }) => [
    ...[row.label, first, second].map(escapeMarkdown),
    mean === null ? "–" : differenceText(mean),
    String(numSeeds),
  ]);
  return rows.length === 0
    ? []
    : ["## Rank correlation of layer scores", table(["method", "between", "and", "Spearman's ρ", "seeds"], rows)];
}

function ratesMarkdown(result: ExperimentResult): string[] {
  const rows = rateLines(result).map(([what, ...others]) => [escapeMarkdown(what), ...others]);
  return rows.length === 0 ? [] : ["## Rates", "Tried on one seed; the score on the validation split chose.", table(rateHeads, rows)];
}

function taskMarkdown(result: ExperimentResult, grid: Grid): string {
  const names = [...new Set(grid.columns.map(({ task }) => task))];
  return names
    .map(
      (task) => `- ${escapeMarkdown(`${task}: ${splitTexts(result, task, names).join(" ") || "nothing on record against its splits."}`)}`,
    )
    .join("\n");
}

function figuresOf(grid: Grid): MarkdownPage["figures"] {
  const ofColumns = grid.columns.flatMap((column, index) => {
    const kinds = [
      ["round", curveFigure(grid, column, { protocol: "global", shown: "score", against: "round" })],
      ["bytes", curveFigure(grid, column, { protocol: "global", shown: "score", against: "bytes" })],
      ["personalised", curveFigure(grid, column, { protocol: "personalised", shown: "score", against: "round" })],
      ["loss", curveFigure(grid, column, { protocol: "global", shown: "loss", against: "round" })],
      ["tradeoff", tradeoffFigure(grid, column, "global")],
    ] as const;
    return kinds.flatMap(([kind, figure]) => {
      if (figure === null) return [];
      const title = kind === "tradeoff" ? `${column.label}: score against bytes` : `${column.label}: ${figure.title}`;
      return [{ name: `${fileName(column.label)}-${index + 1}-${kind}`, figure: { ...figure, title } }];
    });
  });
  const maps = layerScoresOf(grid).map((scores, index) => ({ name: `layers-${index + 1}`, figure: heatMap(scores) }));
  return [...ofColumns, ...maps];
}

const fileName = (label: string) => label.toLowerCase().replace(/[^a-z0-9.]+/g, "-");
