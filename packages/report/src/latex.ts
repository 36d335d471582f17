import {
  analyse,
  type ExperimentResult,
  type ScoreCell,
  type ScoreTable,
  type SpreadTable,
  type TextTable,
  textTables,
} from "@tutti/record";
import { latexMarks, spreadCaption, spreadNote, tableTitle, textCaption, textNotes, tieScope } from "./sentences/scores.ts";
import { fewerSeedsText, textsText } from "./text.ts";
import { controlLines, textLines } from "./textScores.ts";
import { metricNames, spreadHeadsOf, textTableHeads } from "./words.ts";

const replacements: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  "%": "\\%",
  _: "\\_",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  α: "$\\alpha$",
  β: "$\\beta$",
  μ: "$\\mu$",
  "–": "--",
  "−": "$-$",
  "±": "$\\pm$",
};

/** Text as it may stand in LaTeX; line breaks become spaces. */
export function escapeLatex(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\{}$&#%_~^<>|αβμ–−±]/gu, (character) => replacements[character] ?? character);
}

/** Tables of all protocols and moments with booktabs: what the test calls the best in bold, ties with the highest mean marked. */
export function renderLatex(result: ExperimentResult, { grid, tables, spread } = analyse(result)): string {
  const head = `% ${result.name.replace(/\s+/g, " ")}: needs \\usepackage{booktabs} and, where a table is too wide, \\usepackage{graphicx}\n`;
  const scores = [...tables].sort(finalFirst).map((table) => latexTable(table, result));
  const texts = textTables(grid).map((table, index) => latexTexts(table, result, index + 1));
  return `${head}${[...scores, ...texts, ...spreadTables(spread, result)].join("\n")}`;
}

const finalFirst = (a: ScoreTable, b: ScoreTable) => Number(b.moment === "final") - Number(a.moment === "final");

function latexTable(table: ScoreTable, result: ExperimentResult): string {
  const { columns, rows, numSeeds, texts } = table;
  const methodLine = ({ row, cells }: ScoreTable["rows"][number]) =>
    `${[escapeLatex(row.label), ...cells.map((cell) => cellText(cell, numSeeds))].join(" & ")} \\\\`;
  const metrics = [...new Set(columns.map(({ metric }) => metricNames[metric]))].join(", ");
  const methods = rows.filter(({ row }) => !row.isControl).map(methodLine);
  const bounds = [
    ...controlLines(table).map(({ name, cells }) => `${[escapeLatex(name), ...cells.map((cell) => numberText(cell))].join(" & ")} \\\\`),
    ...rows.filter(({ row }) => row.isControl).map(methodLine),
  ];
  const some = (isMarked: (cell: ScoreCell) => boolean) => rows.some(({ cells }) => cells.some(isMarked));
  const bold = some(({ isBest }) => isBest) ? `${latexMarks.bold}${latexMarks.byTest}` : "";
  const ties = some(({ behindTop }) => behindTop?.isTie === true) ? `${latexMarks.tie}${latexMarks.byTest}` : "";
  const counts = columns.flatMap(({ label }, index) => {
    const text = textsText(texts[index] ?? null);
    return text === null ? [] : [`${label} ${text}`];
  });
  const ofTexts = counts.length === 0 ? "" : ` ${escapeLatex(`${counts.join(", ")}.`)}`;
  const caption = `${escapeLatex(result.title)}: ${escapeLatex(tableTitle(table))} (${escapeLatex(metrics)}; mean $\\pm$ standard deviation over seeds).${ofTexts}${bold}${ties} ${escapeLatex(tieScope)}`;
  const heads = ["Method", ...columns.map(({ label }) => escapeLatex(label))];
  return tabular({
    caption,
    label: labelOf(result, `${table.protocol}-${table.moment === "final" ? "final" : "chosen"}`),
    heads,
    blocks: [methods, bounds],
  });
}

/** Every score of texts, methods and controls apart. */
function latexTexts(table: TextTable, result: ExperimentResult, number: number): string {
  const lines = textLines(table).map(({ name, cells, isControl }) => ({
    isControl,
    text: `${[name, ...cells].map(escapeLatex).join(" & ")} \\\\`,
  }));
  const caption = `${result.title}: ${textCaption(table.column.label, table.protocol, textsText(table.texts))}. ${textNotes.join(" ")}`;
  return tabular({
    caption: escapeLatex(caption),
    label: labelOf(result, `texts-${number}`),
    heads: textTableHeads.map(escapeLatex),
    blocks: [false, true].map((isControl) => lines.filter((line) => line.isControl === isControl).map(({ text }) => text)),
  });
}

/** A label that LaTeX takes. */
const labelOf = ({ name }: ExperimentResult, suffix: string) => `tab:${name.replace(/[^a-zA-Z0-9-]+/g, "-")}-${suffix}`;

interface Tabular {
  readonly caption: string;
  readonly label: string;
  readonly heads: readonly string[];
  /** Lines in groups, with a rule between them. */
  readonly blocks: readonly (readonly string[])[];
}

function tabular({ caption, label, heads, blocks }: Tabular): string {
  const lines = blocks.filter(({ length }) => length > 0).map((block) => block.join("\n    "));
  return `\\begin{table}
  \\centering
  \\caption{${caption}}
  \\label{${label}}
  \\begin{tabular}{l${"r".repeat(heads.length - 1)}}
    \\toprule
    ${heads.join(" & ")} \\\\
    \\midrule
    ${lines.join("\n    \\midrule\n    ")}
    \\bottomrule
  \\end{tabular}
\\end{table}
`;
}

function spreadTables({ columns, rows }: SpreadTable, result: ExperimentResult): string[] {
  const mean = ({ mean: value, stdDev }: { readonly mean: number; readonly stdDev: number | null }) =>
    `$${value.toFixed(3)}${stdDev === null ? "" : ` \\pm ${stdDev.toFixed(3)}`}$`;
  return columns.flatMap((column, index) => {
    const lines = rows.flatMap(({ row, cells }) => {
      const cell = cells[index] ?? null;
      if (cell === null) return [];
      const numbers = [cell.mean, cell.worstTenth, cell.meanLoss, cell.worstTenthLoss].map(mean);
      return [`${[escapeLatex(row.label), ...numbers, String(cell.devices.most)].join(" & ")} \\\\`];
    });
    const caption = escapeLatex(`${result.title}: ${spreadCaption(column.label)}. ${spreadNote}`);
    const heads = spreadHeadsOf(column.metric).map(escapeLatex);
    return lines.length === 0 ? [] : [tabular({ caption, label: labelOf(result, `spread-${index + 1}`), heads, blocks: [lines] })];
  });
}

function cellText({ summary, isBest, behindTop }: ScoreCell, numSeeds: number): string {
  if (summary === null) return "--";
  const mean = summary.mean.toFixed(3);
  const spread = summary.stdDev === null ? "" : ` \\pm ${summary.stdDev.toFixed(3)}`;
  return `$${isBest ? `\\mathbf{${mean}}` : mean}${spread}${behindTop?.isTie ? "^{=}" : ""}$${fewerSeedsText(summary, numSeeds)}`;
}

function numberText(value: number | null): string {
  return value === null ? "--" : `$${value.toFixed(3)}$`;
}
