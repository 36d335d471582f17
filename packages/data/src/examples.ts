import { parseCsv } from "./csv.ts";
import type { Example } from "./example.ts";
import { parseJsonl } from "./jsonl.ts";
import type { Row } from "./rows.ts";
import type { TaskDefinition } from "./task.ts";

/** Turns rows into examples of a task; throws with file, line and field where a row does not fit. */
export function rowsToExamples(task: Pick<TaskDefinition, "fields" | "classes">, rows: readonly Row[], source = "the file"): Example[] {
  return rows.map((row) => {
    const place = `${source} line ${row.line}`;
    const { text, textB, label, owner } = task.fields;
    return {
      text: readText(row, text, place),
      ...(textB === null ? {} : { textB: readText(row, textB, place) }),
      label: readLabel(row, label, task.classes, place),
      ...(owner === null ? {} : { owner: readText(row, owner, place) }),
    };
  });
}

/**
 * Reads a volunteer's own file, `.csv`, `.tsv` or `.jsonl`, with the fields `text`, `label` (class name or number) and, for pair tasks, `textB`.
 * The examples stay where this is called.
 */
export function parseOwnExamples(fileName: string, text: string, task: Pick<TaskDefinition, "fields" | "classes">): Example[] {
  const fields = { text: "text", textB: task.fields.textB === null ? null : "textB", label: "label", owner: null };
  const examples = rowsToExamples({ fields, classes: task.classes }, parseByName(fileName, text), fileName);
  if (examples.length === 0) throw new Error(`${fileName} has no examples: it needs at least one row below the column names`);
  return examples;
}

function parseByName(fileName: string, text: string): Row[] {
  const extension = fileName.toLowerCase().split(".").at(-1) ?? "";
  if (extension === "csv" || extension === "tsv") return parseCsv(text, fileName);
  if (extension === "jsonl" || extension === "ndjson") return parseJsonl(text, fileName);
  throw new Error(`${fileName}: files ending in .csv, .tsv or .jsonl are read (from a spreadsheet, save as CSV UTF-8)`);
}

/** The value of a field that must be there; throws with the fields that there are. */
export function fieldOf(row: Row, field: string, place: string): unknown {
  if (Object.hasOwn(row.fields, field)) return row.fields[field];
  throw new Error(`${place}: there is no field "${field}"; the row has ${Object.keys(row.fields).join(", ") || "none"}`);
}

/** A field's text without the space around it; throws where it is empty or no text. */
export function readText(row: Row, field: string, place: string): string {
  const value = fieldOf(row, field, place);
  if (typeof value !== "string") throw new Error(`${place}: field "${field}" must be text, found ${JSON.stringify(value)}`);
  const trimmed = value.trim();
  if (trimmed === "") throw new Error(`${place}: field "${field}" is empty`);
  return trimmed;
}

function readLabel(row: Row, field: string, classes: readonly string[], place: string): number {
  const value = fieldOf(row, field, place);
  const text = String(value).trim();
  const named = classes.findIndex((name) => name.toLowerCase() === text.toLowerCase());
  if (named !== -1 && typeof value === "string") return named;
  const number = typeof value === "number" || /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isInteger(number) && number >= 0 && number < classes.length) return number;
  throw new Error(
    `${place}: field "${field}" is ${JSON.stringify(value)}, expected one of ${classes.join(", ")} (or 0 to ${classes.length - 1})`,
  );
}
