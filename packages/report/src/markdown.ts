import type { ExperimentResult, Grid } from "@tutti/record";
import {
  type Analysis,
  analyse,
  attackTables,
  costTables,
  fleetTables,
  isAttacked,
  layerScoresOf,
  rankCorrelations,
  type ScoreCell,
  type ScoreTable,
  type SpreadTable,
  type TextTable,
  textTables,
} from "@tutti/record";
import { accuracyLines, attackPlanLines, backdoorsIn, bestRuleLines, triggeredLines } from "./attackLines.ts";
import { curveFigure } from "./figures/curves.ts";
import type { Figure } from "./figures/figure.ts";
import { heatMap } from "./figures/layerFigures.ts";
import { tradeoffFigure } from "./figures/tradeoff.ts";
import { findings } from "./findings.ts";
import { fleetHead, fleetLines, sizeLines } from "./fleetTable.ts";
import { otherModelLines } from "./otherModels.ts";
import { caveats, commandOf, provenanceText, usageTextOf } from "./provenance.ts";
import { isAnyBold } from "./sections/scores.tsx";
import { attackCaptions, attackHeads, attackNotes, attackPlanHeads, bestRuleHeads } from "./sentences/attacks.ts";
import { costCaption, costNotes } from "./sentences/costs.ts";
import { fleetCaption, fleetNotes } from "./sentences/plans.ts";
import { promptLines } from "./sentences/prompts.ts";
import { runName } from "./sentences/runs.ts";
import { shortScoreNote, spreadNote, tableTitle, textCaption, textNotes } from "./sentences/scores.ts";
import { noSplitNotes, rateCaption, sourceText } from "./sentences/setup.ts";
import { shortfalls } from "./shortfalls.ts";
import { definitionNotes, labelWordsIn, rateLines, splitTexts } from "./tasks.ts";
import { capital, differenceText, fewerSeedsText, meanBytesText, scoreText, summaryText, textsText, withRemarks } from "./text.ts";
import { controlLines, hasClasses, textLines } from "./textScores.ts";
import {
  costHeads,
  labelWordsRow,
  metricNames,
  otherModelHeads,
  rankHeads,
  rateHeads,
  spreadHeadsOf,
  textTableHeads,
  titles,
} from "./words.ts";

/** A page for a folder of documents, with the drawings that it shows by file name. */
export interface MarkdownPage {
  readonly text: string;
  readonly figures: readonly { readonly name: string; readonly figure: Figure }[];
}

/** The result as Markdown: findings, tables, drawings and the command that makes it; `folder` is where the page finds its drawings. */
export function renderMarkdown(result: ExperimentResult, folder: string, analysis: Analysis = analyse(result)): MarkdownPage {
  const { grid, tables } = analysis;
  const figures = isAttacked(result) ? [] : figuresOf(grid);
  const shown = figures.map(({ name, figure: { description, note } }) =>
    [
      `![${escapeMarkdown(description)}](${encodeURI(`${folder}/${name}.svg`)})`,
      ...(note === undefined ? [] : [escapeMarkdown(note)]),
    ].join("\n\n"),
  );
  const failed = grid.failed.map((run) => `- ${escapeMarkdown(`${runName(run)}: ${run.error ?? ""}`)}`);
  const missed = shortfalls(analysis, result).map((sentence) => `- ${escapeMarkdown(sentence)}`);
  const sources = (result.sources ?? []).map((source) => `- ${escapeMarkdown(sourceText(source))}`);
  const command = commandOf(result);
  const blocks = [
    `# ${escapeMarkdown(result.title)}`,
    escapeMarkdown(result.question),
    ...(command === null ? [] : [`\`\`\`sh\n${command}\n\`\`\``]),
    escapeMarkdown(`${result.startedAt.slice(0, 10)}, ${provenanceText(result)}. ${usageTextOf(result)}`),
    `## ${titles.findings}`,
    [...findings(result, analysis), ...caveats(result), ...result.notes].map((sentence) => `- ${escapeMarkdown(sentence)}`).join("\n"),
    ...(missed.length === 0 ? [] : [`## ${titles.shortfalls}`, missed.join("\n")]),
    ...(isAttacked(result)
      ? attackMarkdown(result, grid)
      : [`## ${titles.scores}`, shortScoreNote(isAnyBold(tables)), ...tables.map((table) => scoreMarkdown(table, result))]),
    ...textMarkdown(textTables(grid)),
    ...otherModelMarkdown(grid),
    ...promptMarkdown(result),
    ...(isAttacked(result) ? [] : spreadMarkdown(analysis.spread)),
    ...(isAttacked(result) ? [] : [`## ${titles.cost}`, ...costMarkdown(grid)]),
    ...fleetMarkdown(result, grid),
    ...(shown.length === 0 ? [] : [`## ${titles.drawings}`, ...shown]),
    ...ranksMarkdown(grid),
    ...ratesMarkdown(result),
    `## ${titles.tasks}`,
    taskMarkdown(result, grid),
    ...(sources.length === 0 ? [] : [`## ${titles.sources}`, sources.join("\n")]),
    ...(failed.length === 0 ? [] : [`## ${titles.failures}`, failed.join("\n")]),
    ...definitionNotes(result.runs).map(escapeMarkdown),
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
  const { columns, rows, numSeeds, texts } = scores;
  const heads = columns.map(({ label, metric }, index) =>
    withRemarks(label, [metric === "accuracy" ? null : metricNames[metric], textsText(texts[index] ?? null)]),
  );
  const line = ({ row, cells }: ScoreTable["rows"][number]) => [
    escapeMarkdown(row.label),
    ...cells.map((cell) => cellMarkdown(cell, numSeeds)),
  ];
  const backbone = runs[0]?.settings.backbone ?? "";
  const lines = [
    ...rows.filter(({ row }) => !row.isControl).map(line),
    ...controlLines(scores).map(({ name, cells }) => [`*${name}*`, ...cells.map(scoreText)]),
    ...rows.filter(({ row }) => row.isControl).map((control) => [`*${escapeMarkdown(control.row.label)}*`, ...line(control).slice(1)]),
    ...(hasClasses(columns) ? [[`*${labelWordsRow}*`, ...columns.map((column) => escapeMarkdown(labelWordsIn(backbone, column)))]] : []),
  ];
  return `### ${capital(tableTitle(scores))}\n\n${table(["method", ...heads], lines)}`;
}

function cellMarkdown({ summary, isBest, behindTop }: ScoreCell, numSeeds: number): string {
  const text = summaryText(summary);
  const marked = isBest ? `**${text}**` : `${behindTop?.isTie ? "≈ " : ""}${text}`;
  return `${marked}${fewerSeedsText(summary, numSeeds)}`;
}

function attackMarkdown(result: ExperimentResult, grid: Grid): string[] {
  const { runs } = result;
  const escaped = (lines: readonly (readonly string[])[]) => lines.map((cells) => cells.map(escapeMarkdown));
  const tables = attackTables(result, grid).flatMap((one) => {
    const { task, rows } = one;
    const head = [...attackHeads, ...rows.map(({ label }) => label)];
    const triggered = triggeredLines(one, backdoorsIn(runs));
    const numTexts = runs.find((run) => run.task === task && run.correct !== null)?.correct?.length ?? null;
    return [
      `### ${escapeMarkdown(attackCaptions.accuracy(task, numTexts))}`,
      table(head, escaped(accuracyLines(one))),
      `### ${escapeMarkdown(attackCaptions.best(task))}`,
      table(bestRuleHeads, escaped(bestRuleLines(one))),
      ...(triggered.length === 0 ? [] : [`### ${escapeMarkdown(attackCaptions.triggered(task))}`, table(head, escaped(triggered))]),
    ];
  });
  const plans = table(attackPlanHeads, escaped(attackPlanLines(runs)));
  return [`## ${titles.attacks}`, ...tables, `### ${attackCaptions.plans}`, plans, ...attackNotes.map(escapeMarkdown)];
}

function otherModelMarkdown(grid: Grid): string[] {
  const lines = otherModelLines(grid).map(([method = "", task = "", model = "", ...values]) => [
    ...[method, task, model].map(escapeMarkdown),
    ...values,
  ]);
  return lines.length === 0 ? [] : [`### ${titles.otherModels}`, table(otherModelHeads, lines)];
}

function promptMarkdown({ runs }: ExperimentResult): string[] {
  const lines = promptLines(runs).map((line) => `- ${escapeMarkdown(line)}`);
  return lines.length === 0 ? [] : [`### ${titles.prompts}`, lines.join("\n")];
}

function textMarkdown(tables: readonly TextTable[]): string[] {
  const shown = tables.map((one) => {
    const lines = textLines(one).map(({ name, cells, isControl }) => [
      isControl ? `*${escapeMarkdown(name)}*` : escapeMarkdown(name),
      ...cells,
    ]);
    return `### ${escapeMarkdown(textCaption(one.column.label, one.protocol, textsText(one.texts)))}\n\n${table(textTableHeads, lines)}`;
  });
  return shown.length === 0 ? [] : [...shown, ...textNotes.map(escapeMarkdown)];
}

function spreadMarkdown({ columns, rows }: SpreadTable): string[] {
  const tables = columns.flatMap((column, index) => {
    const lines = rows.flatMap(({ row, cells }) => {
      const cell = cells[index] ?? null;
      if (cell === null) return [];
      const { mean, worstTenth, meanLoss, worstTenthLoss, devices } = cell;
      return [[escapeMarkdown(row.label), ...[mean, worstTenth, meanLoss, worstTenthLoss].map(summaryText), String(devices.most)]];
    });
    return lines.length === 0 ? [] : [`${escapeMarkdown(column.label)}:`, table(spreadHeadsOf(column.metric), lines)];
  });
  return tables.length === 0 ? [] : [`## ${titles.spread}`, ...tables, spreadNote];
}

function costMarkdown(grid: Grid): string[] {
  const heads = ["method", ...costHeads];
  const tables = costTables(grid).map(({ conditions, costs }) => {
    const rows = costs.map(({ row, bytesUp, bytesDown, bytesStagesAB, bytesEvaluation, secondsTraining, secondsTotal }) => [
      escapeMarkdown(row.label),
      ...[bytesUp, bytesDown, bytesStagesAB, bytesEvaluation].map(meanBytesText),
      ...[secondsTraining, secondsTotal].map((value) => value.toFixed(1)),
    ]);
    return `${escapeMarkdown(costCaption(conditions))}:\n\n${table(heads, rows)}`;
  });
  return [...tables, ...costNotes.map(escapeMarkdown)];
}

function fleetMarkdown(result: ExperimentResult, grid: Grid): string[] {
  const tables = fleetTables(grid).map(({ column, costs }) => {
    const rows = fleetLines(costs).map(([label = "", ...cells]) => [escapeMarkdown(label), ...cells]);
    return `${escapeMarkdown(fleetCaption(column.label))}:\n\n${table(fleetHead(costs), rows)}`;
  });
  if (tables.length === 0) return [];
  const grown = sizeLines(result.runs).map((line) => `- ${escapeMarkdown(line)}`);
  return [`## ${titles.fleets}`, ...tables, ...fleetNotes.map(escapeMarkdown), ...(grown.length === 0 ? [] : [grown.join("\n")])];
}

function ranksMarkdown(grid: Grid): string[] {
  const rows = rankCorrelations(grid).map(({ row, first, second, mean, numSeeds }) => [
    ...[row.label, first, second].map(escapeMarkdown),
    mean === null ? "–" : differenceText(mean),
    String(numSeeds),
  ]);
  return rows.length === 0 ? [] : [`## ${titles.ranks}`, table(["method", ...rankHeads], rows)];
}

function ratesMarkdown(result: ExperimentResult): string[] {
  const rows = rateLines(result).map(([what, ...others]) => [escapeMarkdown(what), ...others]);
  return rows.length === 0 ? [] : [`## ${titles.rates}`, `${rateCaption}.`, table(rateHeads, rows)];
}

function taskMarkdown(result: ExperimentResult, grid: Grid): string {
  const names = [...new Set(grid.columns.map(({ task }) => task))];
  return names.map((task) => `- ${escapeMarkdown(`${task}: ${splitTexts(result, task, names).join(" ") || noSplitNotes}`)}`).join("\n");
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
