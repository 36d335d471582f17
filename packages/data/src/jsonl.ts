import { parseExactJson, repeatedField } from "./exactJson.ts";
import { RowFault, readEach } from "./faults.ts";
import { checkedText, defaultRowLimits, type ReadOptions, type Row, type RowLimits, type RowsRead, requireRoom } from "./rows.ts";

/** Reads JSON Lines: one object a line, empty lines skipped, lines ending in LF, CRLF or CR. `source` names the file in errors. */
export function readJsonl(text: string, source = "the file", { limits = defaultRowLimits, columns = [] }: ReadOptions = {}): RowsRead {
  const lines: { readonly line: number; readonly content: string }[] = [];
  for (const [index, content] of checkedText(text, source, limits)
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (content.trim() === "") continue;
    requireRoom(lines.length, source, limits);
    lines.push({ line: index + 1, content });
  }
  const { read, faults } = readEach(
    lines,
    ({ line, content }): Row => ({ line, fields: parseJsonRow(content, columns, `${source} line ${line}`) }),
  );
  return { rows: read, faults, notes: [] };
}

/** The rows of JSON Lines that must all be right; throws at the first that is not. */
export function parseJsonl(text: string, source = "the file", limits: RowLimits = defaultRowLimits): Row[] {
  const { rows, faults } = readJsonl(text, source, { limits });
  const [first] = faults;
  if (first !== undefined) throw new Error(first.message);
  return rows;
}

/** One object of JSON as a row's fields; throws a `RowFault` where it is none, or has one of the columns twice. */
export function parseJsonRow(content: string, columns: readonly string[], place: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseExactJson(content);
  } catch (cause) {
    throw new RowFault("json", `${place}: not JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  if (!isRecord(value))
    throw new RowFault("json", `${place}: expected an object such as {"text": "…", "label": "…"}, found ${shown(value)}`);
  const repeated = repeatedField(content, columns);
  if (repeated !== null) throw new RowFault("repeated", `${place}: two fields are called "${repeated}"`);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return Array.isArray(value) ? "an array" : JSON.stringify(value).slice(0, 40);
}
