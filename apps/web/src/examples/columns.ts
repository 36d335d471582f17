import type { ClassificationTask, Example } from "@tutti/data";
import type { SheetRow, SheetTable } from "./readTable.ts";

/** Which column holds what; null where nobody has said it. */
export interface ColumnChoice {
  readonly text: string | null;
  /** Of tasks whose examples are pairs. */
  readonly textB: string | null;
  readonly label: string | null;
}

/** Which class each label of the file means, by the label; null for rows that are left out. */
export type LabelMapping = ReadonlyMap<string, number | null>;

/** What of a task decides how a file is read for it. */
export type ReadTask = Pick<ClassificationTask, "fields" | "classes">;

/** Columns that a file for such a task is likely to have, the best first. */
const textNames = ["text", "sentence", "review", "message", "comment", "content", "body", "tweet", "question", "premise"];
const secondNames = ["textb", "text_b", "text2", "sentence2", "hypothesis", "passage", "question"];
const labelNames = ["label", "class", "category", "sentiment", "topic", "rating", "target", "answer"];

/** What of a table is looked at. */
export interface GuessedTable {
  readonly columns: readonly string[];
  readonly rows: readonly Pick<SheetRow, "cells">[];
}

/** What the columns are likely to hold, by their names and by what is in them; with `mayLackLabels` no column is taken for labels that is not like one. */
export function guessColumns({ columns, rows }: GuessedTable, { fields, classes }: ReadTask, mayLackLabels = false): ColumnChoice {
  const named = (names: readonly string[], taken: readonly (string | null)[]) =>
    names
      .map((name) => columns.find((column) => column.toLowerCase() === name && !taken.includes(column)))
      .find((found) => found !== undefined);
  const known = (column: string) =>
    rows.filter(({ cells }) => classOf(cells[column] ?? "", classes) !== null).length / Math.max(1, rows.length);
  const [likeliest] = [...columns].sort((a, b) => known(b) - known(a));
  const isSure = likeliest !== undefined && known(likeliest) > 0.5 && columns.length > 1;
  const label =
    named(["label", fields.label.toLowerCase()], []) ??
    (isSure ? likeliest : named(labelNames, [])) ??
    (mayLackLabels ? null : fewestValues(columns, rows));
  const text = named(["text", fields.text.toLowerCase(), ...textNames], [label]) ?? longest(columns, rows, [label]);
  const second = [fields.textB?.toLowerCase() ?? "", ...secondNames];
  const textB = fields.textB === null ? null : (named(second, [label, text]) ?? longest(columns, rows, [label, text]));
  return { text, textB, label };
}

function longest(columns: readonly string[], rows: GuessedTable["rows"], taken: readonly (string | null)[]): string | null {
  const length = (column: string) => rows.reduce((sum, { cells }) => sum + (cells[column] ?? "").length, 0);
  return columns.filter((column) => !taken.includes(column)).sort((a, b) => length(b) - length(a))[0] ?? null;
}

/** The most labels that a person would map one by one. */
export const maxLabels = 30;

/** A column of labels has few different values beside its number of rows. */
function fewestValues(columns: readonly string[], rows: GuessedTable["rows"]): string | null {
  const counted = columns.map((column) => ({ column, count: labelsIn(rows, column).length }));
  const few = counted.filter(({ count }) => count > 0 && count <= maxLabels && count < rows.length);
  return few.sort((a, b) => a.count - b.count)[0]?.column ?? null;
}

/** The different labels of a column, the most frequent first. */
export function labelsIn(rows: GuessedTable["rows"], column: string): readonly string[] {
  const counts = new Map<string, number>();
  for (const { cells } of rows) {
    const label = cells[column] ?? "";
    if (label !== "") counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([label]) => label);
}

/** The class that a label names, or whose number from 0 it is where no class is called by a number; null for another label. */
export function classOf(label: string, classes: readonly string[]): number | null {
  const wanted = label.trim().toLowerCase();
  const named = classes.findIndex((name) => name.toLowerCase() === wanted);
  if (named !== -1) return named;
  const isNumbered = !classes.some((name) => /^-?\d+$/.test(name));
  return isNumbered && /^\d+$/.test(wanted) && Number(wanted) < classes.length ? Number(wanted) : null;
}

/** What each label means as far as it says so itself. */
export function guessMapping(labels: readonly string[], classes: readonly string[]): LabelMapping {
  return new Map(labels.map((label) => [label, classOf(label, classes)]));
}

/** The examples of a table, and how many rows make none. */
export interface Taken {
  readonly examples: readonly Example[];
  /** Rows without a text, without a label, and with a label that stands for no class. */
  readonly leftOut: { readonly empty: number; readonly unlabelled: number; readonly unmapped: number };
}

/** Makes examples of the rows. */
export function takeRows({ rows }: Pick<SheetTable, "rows">, columns: ColumnChoice, mapping: LabelMapping): Taken {
  const leftOut = { empty: 0, unlabelled: 0, unmapped: 0 };
  const examples: Example[] = [];
  for (const { cells } of rows) {
    const read = (column: string | null) => (column === null ? "" : (cells[column] ?? ""));
    const [text, textB, name] = [read(columns.text), read(columns.textB), read(columns.label)];
    const label = mapping.get(name) ?? null;
    if (text === "" || (columns.textB !== null && textB === "")) leftOut.empty++;
    else if (name === "") leftOut.unlabelled++;
    else if (label === null) leftOut.unmapped++;
    else examples.push({ text, ...(columns.textB === null ? {} : { textB }), label });
  }
  return { examples, leftOut };
}

/** Whether nothing is left to ask: the columns are called as the reader expects, and every label names a class. */
export function isPlain({ columns, faults, hasHeader }: SheetTable, choice: ColumnChoice, { leftOut }: Taken): boolean {
  const isNamed = choice.text === "text" && columns.includes(choice.text) && choice.label !== null;
  return hasHeader && isNamed && faults.length === 0 && leftOut.empty + leftOut.unlabelled + leftOut.unmapped === 0;
}
