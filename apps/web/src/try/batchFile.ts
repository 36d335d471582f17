import { dataFileColumns, isTextFile, parseDataFile } from "@tutti/data";
import { classOf, guessColumns, type ReadTask } from "../examples/columns.ts";
import { maxFileBytes } from "../examples/fileFaults.ts";
import { Spoken } from "../saying/spoken.ts";
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
  if (!isTextFile(file.name)) throw new Spoken(words.tryBatch.wrongKind(file.name));
  if (file.size > maxFileBytes) throw new Spoken(words.tryBatch.tooLarge(file.name, file.size, maxFileBytes));
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { rows, faults, notes } = await parseDataFile(file.name, bytes);
  const columns = dataFileColumns(file.name, bytes);
  if (columns.length === 0) throw new Spoken(words.tryBatch.noColumns(file.name));
  if (rows.length === 0) throw new Error(faults[0]?.message ?? words.tryBatch.noRows(file.name));
  const cut = rows.length > maxBatchRows ? [words.tryBatch.tooManyRows(maxBatchRows)] : [];
  const wrong = faults.slice(0, 3).map(({ message }) => message);
  return { name: file.name, columns, rows: rows.slice(0, maxBatchRows), notes: [...notes, ...wrong, ...cut] };
}

/** The columns that a file most likely means, as the editor of examples guesses them; labels may be missing. */
export function guessBatchColumns({ columns, rows }: Pick<BatchFile, "columns" | "rows">, task: ReadTask): BatchColumns {
  const cellsOf = ({ fields }: BatchRow) => ({ cells: Object.fromEntries(columns.map((column) => [column, textOf(fields[column])])) });
  const { text, textB, label } = guessColumns({ columns, rows: rows.slice(0, numLooked).map(cellsOf) }, task, true);
  const first = text ?? columns[0] ?? "";
  return { text: first, textB: task.fields.textB === null ? null : (textB ?? first), label };
}

/** Rows that tell what columns hold. */
const numLooked = 200;

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
  return classOf(textOf(value), classes) ?? -1;
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
