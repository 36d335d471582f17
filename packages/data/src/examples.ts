import { dataFileColumns } from "./columns.ts";
import { textOfNumber } from "./exactNumber.ts";
import type { Example } from "./example.ts";
import { RowFault, readEach, refuseFaults } from "./faults.ts";
import { type Row, shownValue } from "./rows.ts";
import type { ClassificationTask } from "./task.ts";
import { isTextFile, readTextFile } from "./textFile.ts";

type Reading = Pick<ClassificationTask, "fields" | "classes">;

/** Turns rows into examples of a classification task; throws with file, line and field of every row that does not fit. */
export function rowsToExamples(task: Reading, rows: readonly Row[], source = "the file"): Example[] {
  const { read, faults } = readEach(rows, (row) => exampleOf(task, row, `${source} line ${row.line}`));
  refuseFaults(faults, rows.length);
  return read;
}

function exampleOf({ fields: { text, textB, label, owner }, classes }: Reading, row: Row, place: string): Example {
  return {
    text: readText(row, text, place),
    ...(textB === null ? {} : { textB: readText(row, textB, place) }),
    label: readLabel(row, label, classes, place),
    ...(owner === null ? {} : { owner: readText(row, owner, place) }),
  };
}

/** A volunteer's own examples, and what was assumed about their file, in sentences. */
export interface OwnExamples {
  readonly examples: readonly Example[];
  readonly notes: readonly string[];
}

/**
 * Reads a volunteer's own file, `.csv`, `.tsv` or `.jsonl`, with the fields `text`, `label` (class name or number) and, for pair tasks, `textB`; where
 * it has none of such a name, the field that the task's own data set has for it. The examples stay where this is called.
 */
export function parseOwnExamples(fileName: string, bytes: Uint8Array, task: Reading): OwnExamples {
  if (!isTextFile(fileName))
    throw new Error(`${fileName}: only files ending in .csv, .tsv or .jsonl can be read; save a spreadsheet as CSV UTF-8`);
  const found = dataFileColumns(fileName, bytes);
  const named = (name: string, ofTask: string) => (!found.includes(name) && found.includes(ofTask) ? ofTask : name);
  const { text, textB, label } = task.fields;
  const fields = {
    text: named("text", text),
    textB: textB === null ? null : named("textB", textB),
    label: named("label", label),
    owner: null,
  };
  const columns = [fields.text, fields.label, ...(fields.textB === null ? [] : [fields.textB])];
  const { rows, faults, notes } = readTextFile(fileName, bytes, { columns });
  const own = readEach(rows, (row) => exampleOf({ fields, classes: task.classes }, row, `${fileName} line ${row.line}`));
  const all = [...faults, ...own.faults].sort((a, b) => a.line - b.line);
  refuseFaults(all, rows.length + faults.length);
  if (own.read.length === 0) throw new Error(`${fileName} has no examples: it needs at least one row below the column names`);
  return { examples: own.read, notes };
}

/** The value of a field that must be there; throws with the fields that there are. */
export function fieldOf(row: Row, field: string, place: string): unknown {
  if (Object.hasOwn(row.fields, field)) return row.fields[field];
  throw new RowFault("missing", `${place}: there is no field "${field}"; the row has ${Object.keys(row.fields).join(", ") || "none"}`);
}

/** A field's text without the space around it; throws where it is empty or no text. */
export function readText(row: Row, field: string, place: string): string {
  return trimmed(fieldOf(row, field, place), field, place);
}

/** The owner's name: text, or a number, true or false as text. */
export function readOwner(row: Row, field: string, place: string): string {
  const value = fieldOf(row, field, place);
  return trimmed(textOfNumber(value) ?? (typeof value === "boolean" ? String(value) : value), field, place);
}

function trimmed(value: unknown, field: string, place: string): string {
  if (typeof value !== "string") {
    const kind = value === null || value === undefined ? "missing" : "notText";
    throw new RowFault(kind, `${place}: field "${field}" must be text, found ${shownValue(value)}`);
  }
  const text = value.trim();
  if (text === "") throw new RowFault("empty", `${place}: field "${field}" is empty`);
  return text;
}

/** A name counts first, also where it is a number or true; other numbers count from 0, unless a class is called by a number. */
function readLabel(row: Row, field: string, classes: readonly string[], place: string): number {
  const value = fieldOf(row, field, place);
  const text = (textOfNumber(value) ?? (typeof value === "string" || typeof value === "boolean" ? String(value) : "")).trim();
  const named = classes.findIndex((name) => name.toLowerCase() === text.toLowerCase());
  if (named !== -1) return named;
  const isNumbered = !classes.some((name) => /^-?\d+$/.test(name));
  const number = isNumbered && /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number < classes.length) return number;
  const expected = `expected one of ${classes.join(", ")}${isNumbered ? ` (or 0 to ${classes.length - 1})` : ""}`;
  throw new RowFault("label", `${place}: field "${field}" is ${shownValue(value)}, ${expected}`);
}
