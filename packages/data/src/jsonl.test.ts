import { expect, test } from "vitest";
import { rowsToExamples } from "./examples.ts";
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

test("a value too deep to show is refused with its line", () => {
  const rows = parseJsonl(`{"text": ${"[".repeat(30_000)}${"]".repeat(30_000)}, "label": "a"}\n`, "deep.jsonl");
  const task = { fields: { text: "text", textB: null, label: "label", owner: null }, classes: ["a", "b"] };
  expect(() => rowsToExamples(task, rows, "deep.jsonl")).toThrow(
    'deep.jsonl line 1: field "text" must be text, found an array too deep to show',
  );
});
