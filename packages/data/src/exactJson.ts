import { ExactNumber, exactNumber } from "./exactNumber.ts";

/** 16 digits and more, or an exponent of three digits, is what a number may have to lose some. */
const mayLoseDigits = /[\d.]{16}|\d[eE][-+]?\d{3}/;

/** `JSON.parse`, except that the numbers of an object's own fields keep their digits: those that would lose some are `ExactNumber`s. */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!mayLoseDigits.test(text) || typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const exact = new Map<string, ExactNumber>();
  for (const { name, literal } of ownFields(text)) {
    const number = literal === null ? null : exactNumber(literal);
    if (number instanceof ExactNumber) exact.set(name, number);
    else exact.delete(name);
  }
  return Object.fromEntries([...Object.entries(value), ...exact]);
}

/** The first of these names that the object in well-formed JSON has twice, of which `JSON.parse` keeps the last; null for most. */
export function repeatedField(text: string, names: readonly string[]): string | null {
  const isSuspect = names.some((name) => text.indexOf(JSON.stringify(name)) !== text.lastIndexOf(JSON.stringify(name)));
  if (!isSuspect) return null;
  const found = [...ownFields(text)].map(({ name }) => name);
  return names.find((name) => found.indexOf(name) !== found.lastIndexOf(name)) ?? null;
}

/** The fields of the object in well-formed JSON, in their order, with the literals of those that are numbers. */
function* ownFields(text: string): Generator<{ readonly name: string; readonly literal: string | null }> {
  let depth = 0;
  let name: string | null = null;
  let literal: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    const isEnd = depth === 1 && (character === "," || character === "}");
    if (isEnd && name !== null) {
      yield { name, literal };
      [name, literal] = [null, null];
    }
    if (character === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && name === null) name = String(JSON.parse(text.slice(at, end)));
      at = end - 1;
    } else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    else if (depth === 1 && name !== null && /[-\d]/.test(character)) {
      const end = endOfNumber(text, at);
      literal = text.slice(at, end);
      at = end - 1;
    }
  }
}

/** After the closing quotation mark of the string that opens at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return end + 1;
}

function endOfNumber(text: string, at: number): number {
  let end = at + 1;
  while (/[-+.\deE]/.test(text[end] ?? "")) end++;
  return end;
}
