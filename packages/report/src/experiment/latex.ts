import type { ExperimentResult } from "@tutti/record";
import { analyse, type ScoreCell, type ScoreTable, tableTitle, tieScope } from "./scoreTable.ts";
import { metricNames } from "./tasks.ts";
import { fewerSeedsText } from "./text.ts";

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
export function renderLatex(result: ExperimentResult, { tables } = analyse(result)): string {
  const head = `% ${result.name.replace(/\s+/g, " ")}: needs \\usepackage{booktabs} and, where a table is too wide, \\usepackage{graphicx}\n`;
  return `${head}${[...tables]
    .sort(finalFirst)
    .map((table) => latexTable(table, result))
    .join("\n")}`;
}

const finalFirst = (a: ScoreTable, b: ScoreTable) => Number(b.moment === "final") - Number(a.moment === "final");

function latexTable(table: ScoreTable, result: ExperimentResult): string {
  const { columns, rows, controls, numSeeds, texts } = table;
  const methodLine = ({ row, cells }: ScoreTable["rows"][number]) =>
    `${[escapeLatex(row.label), ...cells.map((cell) => cellText(cell, numSeeds))].join(" & ")} \\\\`;
  const metrics = [...new Set(columns.map(({ metric }) => metricNames[metric]))].join(", ");
  const methods = rows.filter(({ row }) => !row.isControl).map(methodLine);
  const bounds = [
    ...controls.map(({ label, cells }) => `${[escapeLatex(label), ...cells.map((cell) => numberText(cell))].join(" & ")} \\\\`),
    ...rows.filter(({ row }) => row.isControl).map(methodLine),
  ];
  const some = (isMarked: (cell: ScoreCell) => boolean) => rows.some(({ cells }) => cells.some(isMarked));
  const byTest = "(paired bootstrap over test rows, 95\\,\\%)";
  const bold = some(({ isBest }) => isBest) ? ` Bold: a mean that the test finds above every other method's ${byTest}.` : "";
  const ties = some(({ behindTop }) => behindTop?.isTie === true) ? ` $^{=}$: a tie with the highest mean of the column ${byTest}.` : "";
  const counts = columns.flatMap(({ label }, index) => (texts[index] == null ? [] : [`${label} ${texts[index]}`]));
  const ofTexts = counts.length === 0 ? "" : ` ${escapeLatex(`${counts.join(", ")}.`)}`;
  return `\\begin{table}
  \\centering
  \\caption{${escapeLatex(result.title)}: ${escapeLatex(tableTitle(table))} (${escapeLatex(metrics)}; mean $\\pm$ standard deviation over seeds).${ofTexts}${bold}${ties} ${escapeLatex(tieScope)}}
  \\label{tab:${result.name.replace(/[^a-zA-Z0-9-]+/g, "-")}-${table.protocol}-${table.moment === "final" ? "final" : "chosen"}}
  \\begin{tabular}{l${"r".repeat(columns.length)}}
    \\toprule
    ${["Method", ...columns.map(({ label }) => escapeLatex(label))].join(" & ")} \\\\
    \\midrule
    ${[...methods, "\\midrule", ...bounds].join("\n    ")}
    \\bottomrule
  \\end{tabular}
\\end{table}
`;
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
