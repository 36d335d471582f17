import { checkedText, defaultRowLimits, type Row, type RowLimits, requireRoom } from "./rows.ts";

/** Reads JSON Lines: one object a line, empty lines skipped. `source` names the file in errors. */
export function parseJsonl(text: string, source = "the file", limits: RowLimits = defaultRowLimits): Row[] {
  const rows: Row[] = [];
  for (const [index, content] of checkedText(text, source, limits).split("\n").entries()) {
    if (content.trim() === "") continue;
    requireRoom(rows.length, source, limits);
    rows.push({ line: index + 1, fields: parseObject(content, `${source} line ${index + 1}`) });
  }
  return rows;
}

function parseObject(content: string, place: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new Error(`${place}: not JSON (${cause instanceof Error ? cause.message : String(cause)})`, { cause });
  }
  if (!isRecord(value)) throw new Error(`${place}: expected an object such as {"text": "…", "label": "…"}, found ${shown(value)}`);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return Array.isArray(value) ? "an array" : JSON.stringify(value).slice(0, 40);
}
