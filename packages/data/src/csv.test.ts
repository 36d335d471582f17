import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCsv } from "./csv.ts";

const fieldsOf = (text: string) => parseCsv(text, "own.csv").map(({ fields }) => fields);

test("quotes, doubled quotes, separators and line breaks inside cells are read", () => {
  expect(parseCsv('text,label\r\n"He said ""hi"", twice\r\nand left",1\r\n\r\n  plain ,0\r\n', "own.csv")).toEqual([
    { line: 2, fields: { text: 'He said "hi", twice\r\nand left', label: "1" } },
    { line: 5, fields: { text: "  plain ", label: "0" } },
  ]);
});

test("a byte order mark, semicolons, tabs and a missing last line break are fine", () => {
  expect(fieldsOf("\uFEFFtext;label\na, b;x")).toEqual([{ text: "a, b", label: "x" }]);
  expect(fieldsOf("text\tlabel\na\tx\n")).toEqual([{ text: "a", label: "x" }]);
  expect(fieldsOf('"te;xt",label\na,x')).toEqual([{ "te;xt": "a", label: "x" }]);
});

test("empty cells stay, empty lines do not count as rows", () => {
  expect(fieldsOf('a,b\n,\n"",2\n\n3,\n')).toEqual([
    { a: "", b: "" },
    { a: "", b: "2" },
    { a: "3", b: "" },
  ]);
});

test("what is written by the rules is read back", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", ";", " ", "é") });
  const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 }), fc.constantFrom("\n", "\r\n"), (rows, newline) => {
      const text = ["a,b", ...rows.map((row) => row.map(quoted).join(","))].join(newline);
      expect(fieldsOf(text)).toEqual(rows.map(([a, b]) => ({ a, b })));
    }),
  );
});

test.each([
  ["", "own.csv is empty: its first row must name the columns"],
  ["a,b\n1,2\n1,2,3\n", "own.csv line 3: 3 cells where the first row names 2 columns"],
  ['a,b\n"x\ny",2\nbad', "own.csv line 4: 1 cells"],
  ['a,b\n1,2\n"open,2\n3,4\n', "own.csv line 3: a double quote is opened and never closed"],
  ['a,b\n"x"y,2\n', 'own.csv line 2: "y" after a closing double quote'],
  ["a, a\n1,2\n", 'own.csv line 1: two columns are called "a"'],
  ["PK\0\0", "own.csv is not a text file (character 3 is NUL)"],
])("%o is refused with its place", (text, message) => {
  expect(() => parseCsv(text, "own.csv")).toThrow(message);
});

test("limits hold for rows and for characters", () => {
  const limits = { maxRows: 2, maxCharacters: 30 };
  expect(parseCsv("a\n1\n2\n", "own.csv", limits)).toHaveLength(2);
  expect(() => parseCsv("a\n1\n2\n3\n", "own.csv", limits)).toThrow("own.csv has more than 2 rows");
  expect(() => parseCsv("a".repeat(31), "own.csv", limits)).toThrow("own.csv has 31 characters; at most 30 are read");
});
