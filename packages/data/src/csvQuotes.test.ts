import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCsv, readCsv } from "./csv.ts";

const labels = ["neg", "pos"];
const plain = (separator: string, rows: readonly (readonly string[])[]) => rows.map((cells) => `${cells.join(separator)}\n`).join("");
/** Twenty rows of a file written without quoting, some texts changed. */
function unquoted(separator: string, changed: Readonly<Record<number, string>>): string {
  const rows = Array.from({ length: 20 }, (_, i) => [changed[i] ?? `dirty bath number ${i}`, labels[i % 2] ?? ""]);
  return plain(separator, [["text", "label"], ...rows]);
}
const cellsOf = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(/[\t,;]/));
const read = (text: string, name = "own.tsv") => {
  const { rows, faults, notes } = readCsv(text, name, { columns: ["text", "label"], isTsv: name.endsWith(".tsv") });
  return { cells: rows.map(({ fields }) => [fields.text, fields.label]), faults, notes };
};

test("a tab-separated file without quoting, with a mark at the beginning of one row and at the end of another, has all its rows", async () => {
  const text = await readFile(new URL("./testing/quote-none.tsv", import.meta.url), "utf8");
  const { cells, faults, notes } = read(text, "quote-none.tsv");
  expect(cells).toEqual(cellsOf(text));
  expect([cells.length, cells[4], cells[9], faults]).toEqual([20, ['"Never again', "neg"], ['said the manager"', "pos"], []]);
  expect(notes).toEqual([
    "quote-none.tsv is read without quoting rules: a quotation mark that begins a cell belongs to the text (1 row, line 6).",
  ]);
});

test.each([
  ["from the first row to the last", { 0: '"Never', 19: 'again"' }],
  ["and never again", { 4: '"Never' }],
  ["in many rows", { 2: '"Never', 3: '"Never', 7: 'again"', 11: '"so it', 12: 'goes"' }],
  ["and closes within a text", { 4: '"Great" movie' }],
  ["around whole texts, and once inside a text", { 4: '"Never again"', 9: 'a 5" pipe' }],
  ["and only doubled marks follow", { 4: '""', 9: '"""x' }],
] as const)("without quoting, a mark that opens %s is part of the text, with tabs as with commas", (_, changed) => {
  for (const separator of ["\t", ",", ";"]) {
    if (separator !== "\t" && Object.values<string>(changed).some((cell) => /^"[^"]*"$/.test(cell) || cell === '""')) continue;
    const text = unquoted(separator, changed);
    const { cells, faults, notes } = read(text, separator === "\t" ? "own.tsv" : "own.csv");
    expect(cells, separator).toEqual(cellsOf(text));
    expect([faults, notes.length > 0]).toEqual([[], true]);
  }
});

test("without quoting, a faulty row between two stray marks is the only one that is missing", () => {
  const text = unquoted("\t", { 4: '"Never', 9: 'again"' }).replace("number 6\tneg", "number 6 neg");
  const { cells, faults } = read(text);
  expect([cells.length, faults.map(({ line }) => line)]).toEqual([19, [8]]);
  expect(cells).toEqual(cellsOf(text).filter((row) => row.length === 2));
});

test("the label may come first", () => {
  const rows = Array.from({ length: 12 }, (_, i) => [labels[i % 2] ?? "", i === 3 ? '"Never' : i === 8 ? 'again"' : `text ${i}`]);
  const { rows: found } = readCsv(plain("\t", [["label", "text"], ...rows]), "own.tsv");
  expect(found.map(({ fields }) => [fields.label, fields.text])).toEqual(rows);
});

/** As Python's `csv` and pandas write: only cells that need it are quoted. */
const minimal = (separator: string) => (cell: string) =>
  new RegExp(`["\r\n${separator}]`).test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
const always = () => (cell: string) => `"${cell.replaceAll('"', '""')}"`;

test("what is quoted by the rules is read back, in tab-separated files too: tabs, commas, marks and line breaks inside", () => {
  const unit = fc.constantFrom("a", "b", '"', ",", ";", "\t", "\n", "\r\n", " ", "é");
  const rows = fc.array(fc.tuple(fc.string({ unit }), fc.constantFrom(...labels)), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(rows, fc.constantFrom("\t", ",", ";"), fc.constantFrom(minimal, always), (found, separator, style) => {
      const quote = style(separator);
      const text = [["text", "label"], ...found].map((row) => row.map(quote).join(separator)).join("\n");
      const { cells, faults } = read(text, separator === "\t" ? "own.tsv" : "own.csv");
      expect([cells, faults]).toEqual([found, []]);
    }),
    { numRuns: 500 },
  );
});

test("a quoted text of several lines stays one, though each of its lines holds a separator", () => {
  const rows = Array.from({ length: 20 }, (_, i) => [`"Great, number ${i}\nWill return"`, labels[i % 2] ?? ""]);
  const { cells, faults, notes } = read(plain(",", [["text", "label"], ...rows]), "own.csv");
  expect(cells).toEqual(rows.map(([text, label]) => [text?.slice(1, -1), label]));
  expect([faults, notes[0]]).toEqual([
    [],
    "own.csv lines 2 to 3 are read as one row, because quotation marks enclose them; they may be several rows.",
  ]);
  const alike = Array.from({ length: 20 }, (_, i) => [
    i % 3 === 0 ? `fine number ${i}` : `"Good number ${i},but\nbad"`,
    labels[i % 2] ?? "",
  ]);
  expect(read(plain(",", [["text", "label"], ...alike]), "own.csv").cells).toHaveLength(20);
  const pasted = unquoted("\t", { 4: '"name\tprice\nsoap\t3"', 5: '"line one\nline two"' });
  expect(read(pasted).cells.slice(4, 6)).toEqual([
    ["name\tprice\nsoap\t3", "neg"],
    ["line one\nline two", "pos"],
  ]);
});

test("quotation marks around whole cells of a tab-separated file are left out, and said where others have none", () => {
  const { cells, notes } = read(unquoted("\t", { 4: '"Never again"' }));
  expect([cells[4], notes]).toEqual([
    ["Never again", "neg"],
    ["own.tsv: quotation marks around whole cells are left out (1 row, line 6)."],
  ]);
  const all = plain("\t", [['"text"', '"label"'], ...Array.from({ length: 6 }, (_, i) => [`"text ${i}"`, `"${labels[i % 2]}"`])]);
  expect(read(all)).toMatchObject({ cells: [["text 0", "neg"], ["text 1", "pos"], {}, {}, {}, {}], notes: [] });
});

test("a comma-separated file that ends inside a quoted text is refused, not read in pieces", () => {
  const text = `${plain(",", [["text", "label"], ...Array.from({ length: 20 }, (_, i) => [`text ${i}`, labels[i % 2] ?? ""])])}"It was late, cold\nand`;
  expect(() => parseCsv(text, "own.csv")).toThrow("own.csv line 22: a double quote is opened and never closed");
  expect(read(text, "own.csv").faults.map(({ line, kind }) => [line, kind])).toEqual([
    [22, "quotes"],
    [23, "cells"],
  ]);
});

test("texts full of marks, written without quoting, stay as they are, also those that the rules could read", () => {
  const texts = [
    '"Wow"',
    '5" pipe',
    'so "good" it is',
    '"a, b"',
    '"He said ""hi"""',
    'the "end"',
    '" spaced "',
    '6" nail',
    '7" nail',
    '8" nail',
  ];
  const rows = texts.map((text, i) => [text, labels[i % 2] ?? ""]);
  expect(read(plain("\t", [["text", "label"], ...rows])).cells).toEqual(rows);
});

test("in a file whose marks follow the rules a text that reads like rows stays one, and that is said", () => {
  const ruled = Array.from({ length: 6 }, (_, i) => [`"one\ttwo ${i}"`, labels[i % 2] ?? ""]);
  const open = Array.from({ length: 6 }, (_, i) => [`text ${i}`, labels[i % 2] ?? ""]);
  const { cells, faults, notes } = read(plain("\t", [["text", "label"], ...ruled, ...open, ['"fine\tneg\nbad\tpos\nso"', "neg"]]));
  expect([cells.at(-1), cells.length, faults]).toEqual([["fine\tneg\nbad\tpos\nso", "neg"], 13, []]);
  expect(notes).toEqual(["own.tsv lines 14 to 16 are read as one row, because quotation marks enclose them; they may be several rows."]);
});
