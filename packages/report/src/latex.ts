import { analyse, type ExperimentResult, type SpreadTable, type TextTable, textTables } from "@tutti/record";
import { latexScores } from "./latexScores.ts";
import { type Block, escapeLatex, labelOf, lineOf, tabular } from "./latexTabular.ts";
import { latexSpreadCaption, latexTextsCaption, spreadNote, textCaption, textNotes } from "./sentences/scores.ts";
import { textsText } from "./text.ts";
import { textLines } from "./textScores.ts";
import { spreadHeadsOf, textTableHeads } from "./words.ts";

/** Tables with booktabs: all scores, what the test calls the best in bold and ties with the highest mean marked; scores of texts; the spread over devices. */
export function renderLatex(result: ExperimentResult, { grid, tables, spread } = analyse(result)): string {
  const head = `% ${result.name.replace(/\s+/g, " ")}: needs \\usepackage{booktabs} and, where a table is too wide, \\usepackage{graphicx}\n`;
  return `${head}${[...latexScores(tables, result), ...latexTexts(textTables(grid), result), ...latexSpread(spread, result)].join("\n")}`;
}

/** Every score of texts in one table, methods and controls apart. */
function latexTexts(tables: readonly TextTable[], result: ExperimentResult): string[] {
  const blocks = tables.flatMap((table): Block[] => {
    const lines = textLines(table).map(({ name, cells, isControl }) => ({ isControl, text: lineOf([name, ...cells].map(escapeLatex)) }));
    const of = (isControl: boolean) => lines.filter((line) => line.isControl === isControl).map(({ text }) => text);
    return [
      { title: escapeLatex(textCaption(table.column.label, table.protocol, textsText(table.texts))), lines: of(false) },
      { lines: of(true) },
    ];
  });
  const caption = escapeLatex([latexTextsCaption(result.title), ...textNotes].join(" "));
  return blocks.length === 0
    ? []
    : [tabular({ caption, label: labelOf(result.name, "texts"), heads: textTableHeads.map(escapeLatex), blocks })];
}

/** How far devices lie apart on every task: a table for tasks with classes, and one for texts. */
function latexSpread({ columns, rows }: SpreadTable, result: ExperimentResult): string[] {
  const heads = new Set(columns.map(({ metric }) => spreadHeadsOf(metric)));
  return [...heads].flatMap((head, at) => {
    const blocks = columns.flatMap((column, index): Block[] => {
      if (spreadHeadsOf(column.metric) !== head) return [];
      return [{ title: escapeLatex(column.label), lines: spreadLines(rows, index) }];
    });
    const label = labelOf(result.name, at === 0 ? "spread" : `spread-${at + 1}`);
    const caption = escapeLatex(`${latexSpreadCaption(result.title)} ${spreadNote}`);
    return blocks.every(({ lines }) => lines.length === 0) ? [] : [tabular({ caption, label, heads: head.map(escapeLatex), blocks })];
  });
}

function spreadLines(rows: SpreadTable["rows"], index: number): string[] {
  return rows.flatMap(({ row, cells }) => {
    const cell = cells[index] ?? null;
    if (cell === null) return [];
    const numbers = [cell.mean, cell.worstTenth, cell.meanLoss, cell.worstTenthLoss].map(meanText);
    return [lineOf([escapeLatex(row.label), ...numbers, String(cell.devices.most)])];
  });
}

const meanText = ({ mean, stdDev }: { readonly mean: number; readonly stdDev: number | null }) =>
  `$${mean.toFixed(3)}${stdDev === null ? "" : ` \\pm ${stdDev.toFixed(3)}`}$`;
