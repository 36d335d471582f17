import { dataFileColumns, isTextFile, parseDataFile } from "@tutti/data";
import { maxFileBytes } from "../examples/fileFaults.ts";
import { words } from "../words/words.ts";

/** A file of texts, read. */
export interface BatchFile {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly BatchRow[];
  /** What was assumed about the file, and what is wrong with it, in sentences. */
  readonly notes: readonly string[];
}

/** A row with its line in the file. */
export interface BatchRow {
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Which columns hold what. */
export interface BatchColumns {
  readonly text: string;
  /** Of tasks with pairs. */
  readonly textB: string | null;
  readonly label: string | null;
}

/** A text to ask about, and the class that is right where the file says so. */
export interface BatchText {
  readonly line: number;
  readonly text: string;
  readonly textB?: string;
  /** Null where the file gives none; -1 where it gives one that the task does not know. */
  readonly label: number | null;
}

/** More rows than this are not asked about. */
export const maxBatchRows = 5000;

/** Reads a file in this page; throws with what is wrong and what to do. */
export async function readBatchFile(file: Pick<File, "name" | "size" | "arrayBuffer">): Promise<BatchFile> {
  if (!isTextFile(file.name)) throw new Error(words.tryBatch.wrongKind(file.name));
  if (file.size > maxFileBytes) throw new Error(words.tryBatch.tooLarge(file.name, file.size, maxFileBytes));
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { rows, faults, notes } = await parseDataFile(file.name, bytes);
  const columns = dataFileColumns(file.name, bytes);
  if (columns.length === 0) throw new Error(words.tryBatch.noColumns(file.name));
  if (rows.length === 0) throw new Error(faults[0]?.message ?? words.tryBatch.noRows(file.name));
  const cut = rows.length > maxBatchRows ? [words.tryBatch.tooManyRows(maxBatchRows)] : [];
  const wrong = faults.slice(0, 3).map(({ message }) => message);
  return { name: file.name, columns, rows: rows.slice(0, maxBatchRows), notes: [...notes, ...wrong, ...cut] };
}

const usual = {
  text: ["text", "sentence", "message", "review", "content", "comment"],
  textB: ["textb", "text_b", "sentence2", "hypothesis", "question"],
  label: ["label", "class", "category", "sentiment", "topic", "answer"],
};

/** The columns that a file most likely means, by their names and, for the labels, their values. */
export function guessColumns(
  { columns, rows }: Pick<BatchFile, "columns" | "rows">,
  classes: readonly string[],
  isPair: boolean,
): BatchColumns {
  const named = (names: readonly string[]) => columns.find((column) => names.includes(column.toLowerCase()));
  const holdsClasses = (column: string) => rows.slice(0, 20).every(({ fields }) => labelOf(fields[column], classes) >= 0);
  const label = columns.find(holdsClasses) ?? named(usual.label) ?? null;
  const rest = columns.filter((column) => column !== label);
  const text = named(usual.text) ?? longest(rest, rows) ?? columns[0] ?? "";
  const others = rest.filter((column) => column !== text);
  return { text, textB: isPair ? (others.find((column) => usual.textB.includes(column.toLowerCase())) ?? others[0] ?? text) : null, label };
}

function longest(columns: readonly string[], rows: readonly BatchRow[]): string | undefined {
  const lengthOf = (column: string) => rows.slice(0, 20).reduce((sum, { fields }) => sum + textOf(fields[column]).length, 0);
  return columns.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0];
}

/** The rows' texts; rows without one are left out. */
export function batchTexts(rows: readonly BatchRow[], { text, textB, label }: BatchColumns, classes: readonly string[]): BatchText[] {
  return rows.flatMap(({ line, fields }) => {
    const own = textOf(fields[text]);
    const second = textB === null ? null : textOf(fields[textB]);
    if (own === "" || second === "") return [];
    const given = label === null ? "" : textOf(fields[label]);
    const right = given === "" ? null : labelOf(given, classes);
    return [{ line, text: own, ...(second === null ? {} : { textB: second }), label: right }];
  });
}

function textOf(value: unknown): string {
  return value === null || value === undefined || typeof value === "object" ? "" : String(value).trim();
}

/** A class by its name, or by its number where no class is called by one; -1 for another value. */
export function labelOf(value: unknown, classes: readonly string[]): number {
  const text = textOf(value).toLowerCase();
  const named = classes.findIndex((name) => name.toLowerCase() === text);
  if (named !== -1 || classes.some((name) => /^-?\d+$/.test(name)) || !/^\d+$/.test(text)) return named;
  return Number(text) < classes.length ? Number(text) : -1;
}

/** The answers as CSV that spreadsheets read: each text, the class, and the probability of each class. */
export function answersCsv(texts: readonly BatchText[], answers: readonly (readonly number[])[], classes: readonly string[]): string {
  const isPair = texts.some(({ textB }) => textB !== undefined);
  const isLabelled = texts.some(({ label }) => label !== null);
  const heads = ["text", ...(isPair ? ["textB"] : []), "answer", ...classes.map((name) => `p(${name})`), ...(isLabelled ? ["label"] : [])];
  const lines = texts.slice(0, answers.length).map(({ text, textB, label }, index) => {
    const shares = answers[index] ?? [];
    const best = classes[shares.indexOf(Math.max(...shares))] ?? "";
    const right = isLabelled ? [label === null ? "" : (classes[label] ?? "")] : [];
    return [text, ...(isPair ? [textB ?? ""] : []), best, ...shares.map((share) => share.toFixed(6)), ...right];
  });
  return `${[heads, ...lines].map((cells) => cells.map(quoted).join(",")).join("\r\n")}\r\n`;
}

/** A spreadsheet computes what begins like a formula: before such a text comes an apostrophe, by which it stays text. */
function quoted(given: string): string {
  const cell = /^[=+\-@\t\r]/.test(given) ? `'${given}` : given;
  return /[",\r\n]/.test(cell) || cell !== cell.trim() ? `"${cell.replaceAll('"', '""')}"` : cell;
}
