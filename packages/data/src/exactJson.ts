import { ExactNumber, exactNumber } from "./exactNumber.ts";

/** 16 digits and more, or an exponent of three digits, is what a number may have to lose some. */
const mayLoseDigits = /[\d.]{16}|\d[eE][-+]?\d{3}/;

/** `JSON.parse`, except that the numbers of an object's own fields keep their digits: those that would lose some are `ExactNumber`s. */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!mayLoseDigits.test(text) || typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries([...Object.entries(value), ...exactFields(text)]);
}

/** The fields of the object in well-formed JSON whose numbers lose digits; of a name that comes twice the last one counts. */
function exactFields(text: string): Map<string, ExactNumber> {
  const exact = new Map<string, ExactNumber>();
  let depth = 0;
  let name: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && name === null) {
        name = String(JSON.parse(text.slice(at, end)));
        exact.delete(name);
      }
      at = end - 1;
    } else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    else if (character === "," && depth === 1) name = null;
    else if (depth === 1 && name !== null && /[-\d]/.test(character)) {
      const end = endOfNumber(text, at);
      const value = exactNumber(text.slice(at, end));
      if (value instanceof ExactNumber) exact.set(name, value);
      at = end - 1;
    }
  }
  return exact;
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
