import { readEach } from "./faults.ts";
import { parseJsonRow, readJsonl } from "./jsonl.ts";
import { checkedText, defaultRowLimits, type ReadOptions, type Row, type RowsRead, requireRoom } from "./rows.ts";

/** Part of a list, with the line on which it begins, from 1. */
interface Part {
  readonly line: number;
  readonly content: string;
}

/** Reads a JSON file that is one list of objects, as Alpaca's is; one that begins with anything else is read as JSON Lines. */
export function readJson(text: string, source = "the file", options: ReadOptions = {}): RowsRead {
  const { limits = defaultRowLimits, columns = [] } = options;
  const checked = checkedText(text, source, limits);
  if (!isList(checked)) return readJsonl(checked, source, options);
  const parts: Part[] = [];
  for (const part of partsOf(checked, source)) {
    requireRoom(parts.length, source, limits);
    parts.push(part);
  }
  const { read, faults } = readEach(
    parts,
    ({ line, content }): Row => ({ line, fields: parseJsonRow(content, columns, `${source} line ${line}`) }),
  );
  return { rows: read, faults, notes: [] };
}

/** The text of the first object in a file that `readJson` reads; null where there is none. */
export function firstObject(text: string): string | null {
  if (!isList(text)) return /\S[^\r\n]*/.exec(text)?.[0] ?? null;
  try {
    for (const { content } of partsOf(text, "the file")) return content;
  } catch {
    return null; // the reader says what is wrong with the list
  }
  return null;
}

const isList = (text: string) => /^\s*\[/.test(text);

/** What stands between the commas of the list, sound or not; throws where the list does not end, or anything follows it. */
function* partsOf(text: string, source: string): Generator<Part> {
  const lineOf = lineCounter(text);
  const part = (from: number, to: number): Part => {
    const content = text.slice(from, to);
    return { line: lineOf(from + content.length - content.trimStart().length), content: content.trim() };
  };
  const first = text.indexOf("[") + 1;
  let from = first;
  let depth = 0;
  for (let at = first - 1; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    else if (character === "," && depth === 1) {
      yield part(from, at);
      from = at + 1;
    }
    if (depth > 0) continue;
    const last = part(from, at);
    if (from > first || last.content !== "") yield last;
    const rest = part(at + 1, text.length);
    if (rest.content === "") return;
    throw new Error(`${source} line ${rest.line}: ${JSON.stringify(rest.content.slice(0, 40))} follows the list: take it out`);
  }
  throw new Error(`${source}: its list does not end: the file is cut off, or a bracket or a quotation mark is missing`);
}

/** Of the closing quotation mark of the string that opens at `at`, or the text's end. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return end;
}

/** Counts the lines before places that come in order. */
function lineCounter(text: string): (at: number) => number {
  const breaks = /\r\n|\n|\r/g;
  let line = 1;
  let next = breaks.exec(text);
  return (at) => {
    for (; next !== null && next.index < at; next = breaks.exec(text)) line++;
    return line;
  };
}
