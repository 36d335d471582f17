import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCsv, readCsv } from "./csv.ts";
import { decodeText } from "./decodeText.ts";
import { parseOwnExamples } from "./examples.ts";
import { findClassification } from "./tasks.ts";
import { readTextFile } from "./textFile.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const shared = (name: string) => readFile(new URL(`./testing/${name}`, import.meta.url));
const wanted = { columns: ["text", "label"] };
const topic = findClassification("feedback/topic", "this test");

/** Text and label of each row. */
function read(bytes: Uint8Array | string, name = "own.csv"): unknown[][] {
  const { rows, faults } = readTextFile(name, typeof bytes === "string" ? bytesOf(bytes) : bytes, wanted);
  expect(faults).toEqual([]);
  return rows.map(({ fields }) => [fields.text, fields.label]);
}

test.each([
  ["gzip", [0x1f, 0x8b, 8, 0], "own.csv is compressed with gzip: unpack it first"],
  ["a workbook", [0x50, 0x4b, 3, 4, 20, 0], "own.csv is a ZIP archive or a spreadsheet: unpack it, or save the sheet as CSV UTF-8"],
  ["an old workbook", [0xd0, 0xcf, 0x11, 0xe0, 0xa1], "own.csv is an old Excel file: save the sheet as CSV UTF-8"],
])("%s under a text file's name is told as what it is", (_, bytes, message) => {
  expect(() => read(Uint8Array.from(bytes))).toThrow(message);
});

test("columns without a name, and a name that nobody asked for twice, do not matter; a name that is asked for must be there once", async () => {
  for (const name of ["excel-empty-columns.csv", "dup-unneeded.csv"]) {
    const rows = read(await shared(name), name);
    expect([rows.length, rows[0], rows[19]]).toEqual([20, ["dirty bath number 0", "neg"], ["great view number 19", "pos"]]);
  }
  expect(() => read("text,label, text\na,x,b\n")).toThrow('own.csv line 1: two columns are called "text"');
  expect(() => read("text,text,text,label\na,x,b,y\n")).toThrow('two columns are called "text"');
  expect(() => parseCsv("a,b,b\n1,2,3\n", "own.csv")).toThrow('own.csv line 1: two columns are called "b"');
  expect(readCsv(",text,label,n,n\n0,a,x,1,2\n", "own.csv", wanted)).toEqual({
    rows: [{ line: 2, fields: { text: "a", label: "x" } }],
    faults: [],
    notes: ["own.csv: column 1 has no name and is left out."],
  });
});

test("rows may end where the named columns end, and have no other number of cells", () => {
  expect(read("text,label,,,\na,x\nb,y,,,\n")).toEqual([
    ["a", "x"],
    ["b", "y"],
  ]);
  const { rows, faults } = readTextFile("own.csv", bytesOf("text,label,,\na,x\nGood, nice,y\na\na,x,\n,,,,\n"), wanted);
  expect([rows.length, faults.map(({ line }) => line)]).toEqual([1, [3, 4, 5, 6]]);
  expect(faults[0]?.message).toContain("own.csv line 3: 3 cells where the first row names 4 columns");
});

test("Excel's line sep= names the separator and is skipped", async () => {
  const rows = read(await shared("sep-line.csv"));
  expect([rows.length, rows[0]]).toEqual([20, ["dirty bath number 0", "neg"]]);
  for (const [line, separator] of [
    ["sep=;", ";"],
    ["sep=,", ","],
    ["SEP=;", ";"],
    ['"sep=;"', ";"],
    ["sep=;;", ";"],
    ["sep=\t", "\t"],
    ["sep=\\t", "\t"],
    ["sep=|", "|"],
  ])
    for (const end of ["\n", "\r\n", "\r"])
      expect(
        read(`\uFEFF${[line, `text${separator}label`, `a, b${separator}x`.replace(", ", separator === "," ? " " : ", ")].join(end)}`),
        line,
      ).toEqual([[separator === "," ? "a b" : "a, b", "x"]]);
  const { rows: numbered } = readCsv("sep=;\ntext;label\na;x\n", "own.csv");
  expect(numbered[0]?.line).toBe(3);
});

test("the separator is the one that gives the columns asked for", () => {
  expect(read("text;notes, if any, of ours;label\na;b, c;x\n")).toEqual([["a", "x"]]);
  expect(read("text;label;how, much, is, it\na, b;x;1\n")).toEqual([["a, b", "x"]]);
  expect(read("text\tlabel\tone, two, three\na, b\tx\t1\n", "own.tsv")).toEqual([["a, b", "x"]]);
  expect(read("text;label;Note, a, b\na;x;b\n")).toEqual([["a", "x"]]);
});

test("lines end in LF, CRLF, CR alone, or each in another way", () => {
  const lines = ["text,label", "a,x", '"b\rc",y', "", "d,z", ""];
  const rows = [
    ["a", "x"],
    ["b\rc", "y"],
    ["d", "z"],
  ];
  for (const end of ["\n", "\r\n", "\r"]) expect(read(lines.join(end))).toEqual(rows);
  expect(read('text,label\ra,x\r\n"b\rc",y\n\r\r\nd,z')).toEqual(rows);
  expect(parseCsv("text,label\ra,x\r\rb,y", "own.csv").map(({ line }) => line)).toEqual([2, 4]);
  expect(read("text\tlabel\ra\tx\rb\ty\r", "own.tsv")).toHaveLength(2);
  const objects = ['{"text":"a","label":"x"}', "", '{"text":"b\\r","label":"y"}'];
  for (const end of ["\n", "\r\n", "\r"]) {
    expect(read(objects.join(end), "own.jsonl")).toEqual([
      ["a", "x"],
      ["b\r", "y"],
    ]);
    expect(readTextFile("own.jsonl", bytesOf(objects.join(end))).rows.map(({ line }) => line)).toEqual([1, 3]);
  }
});

test("a carriage return that some writers leave inside a cell without marks belongs to it, where lines end otherwise", () => {
  expect(read('text,label\na\rb,x\n"c, d\r",y\nlast\r\rone,x\r\n')).toEqual([
    ["a\rb", "x"],
    ["c, d\r", "y"],
    ["last\r\rone", "x"],
  ]);
  const three = readCsv('text,label,more\na\rb,x,"1, 2"\nc,y,3\rd,x,4\n', "own.csv");
  expect(three.rows.map(({ fields }) => fields.text)).toEqual(["a\rb", "c", "d"]);
});

test("a mark before the text says how it is encoded, and never becomes part of a quoted name", () => {
  const text = '"text","label"\r\n"Größe 🙂",x\r\n';
  const utf16 = (isLittle: boolean) => {
    const bytes = new Uint8Array(2 * text.length + 2);
    const view = new DataView(bytes.buffer);
    for (const [i, character] of ["\uFEFF", ...text.split("")].entries()) view.setUint16(2 * i, character.charCodeAt(0), isLittle);
    return bytes;
  };
  for (const bytes of [bytesOf(text), bytesOf(`\uFEFF${text}`), utf16(true), utf16(false)])
    expect(read(bytes)).toEqual([["Größe 🙂", "x"]]);
  expect(() => read(utf16(true).subarray(0, 41))).toThrow(
    "own.csv begins like UTF-16 text but is not (it may be cut off): save it as UTF-8",
  );
  const unmarked = Uint8Array.from("text,label", (character) => character.charCodeAt(0));
  expect(() => read(Uint8Array.from([...unmarked].flatMap((byte) => [byte, 0])))).toThrow(
    "own.csv is not a text file (character 2 is NUL): save it as CSV or JSON Lines in UTF-8",
  );
  expect(() => read("text,label\na\0b,x\n")).toThrow("own.csv is not a text file (character 13 is NUL)");
});

test("what is not UTF-8 is refused in one sentence, by every reader, and never replaced", async () => {
  const bytes = await shared("windows1252.csv");
  const sentence = "windows1252.csv is not UTF-8 text: save it as UTF-8";
  expect(() => readTextFile("windows1252.csv", bytes, wanted)).toThrow(sentence);
  expect(() => parseOwnExamples("windows1252.csv", bytes, topic)).toThrow(sentence);
  expect(() => parseOwnExamples("own.jsonl", Uint8Array.from([...bytesOf('{"text":"a'), 0xe9, 34, 125]), topic)).toThrow(
    "own.jsonl is not UTF-8",
  );
  const decoded = new TextDecoder("windows-1252").decode(bytes);
  expect(parseOwnExamples("own.csv", bytesOf(decoded), topic).examples[0]?.text).toBe(
    "Die Bedienung war unhöflich und die Gerüche störten",
  );
});

test("bytes that are not UTF-8 anywhere are refused; all others are read back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      const whole = Uint8Array.from([...bytesOf("a"), ...bytes]);
      const isUtf8 = Buffer.from(whole.buffer).equals(Buffer.from(Buffer.from(whole.buffer).toString("utf8")));
      if (isUtf8) expect(bytesOf(decodeText(whole, "own.csv"))).toEqual(whole);
      else expect(() => decodeText(whole, "own.csv")).toThrow("is not UTF-8 text");
    }),
  );
});

test("a text that is too long is refused with its characters before it is decoded", () => {
  const limits = { maxRows: 9, maxCharacters: 30 };
  expect(decodeText(bytesOf("é".repeat(30)), "own.csv", limits)).toHaveLength(30);
  expect(decodeText(bytesOf("🙂".repeat(15)), "own.csv", limits)).toHaveLength(30);
  expect(() => decodeText(bytesOf(`🙂${"é".repeat(29)}`), "own.csv", limits)).toThrow("own.csv has 31 characters; at most 30 are read");
  const tooLongForText = new Uint8Array(2 ** 29 + 1).fill(97);
  expect(() => decodeText(tooLongForText, "big.jsonl")).toThrow(
    "big.jsonl has 536,870,913 characters; at most 200,000,000 are read: split it into smaller files",
  );
});
