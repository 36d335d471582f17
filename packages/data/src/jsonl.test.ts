import { expect, test } from "vitest";
import { parseJsonl } from "./jsonl.ts";

test("each line is a row that knows its line; empty lines, CRLF and a byte order mark are fine", () => {
  expect(parseJsonl('\uFEFF{"a": 1}\r\n\n{"a": "two"}')).toEqual([
    { line: 1, fields: { a: 1 } },
    { line: 3, fields: { a: "two" } },
  ]);
  expect(parseJsonl("\n \n")).toEqual([]);
});

test.each([
  ['{"a": 1}\n{"a": ', "rows.jsonl line 2: not JSON"],
  ["[1, 2]", "rows.jsonl line 1: expected an object such as"],
  ["null", "found null"],
  ['"text"', 'found "text"'],
])("%o is refused with its line", (text, message) => {
  expect(() => parseJsonl(text, "rows.jsonl")).toThrow(message);
});

test("limits hold", () => {
  expect(() => parseJsonl("{}\n{}\n{}", "rows.jsonl", { maxRows: 2, maxCharacters: 99 })).toThrow("more than 2 rows");
});
