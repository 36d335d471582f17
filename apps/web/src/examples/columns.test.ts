import { expect, test } from "vitest";
import { classOf, guessColumns, guessMapping, isPlain, labelsIn, type ReadTask, takeRows } from "./columns.ts";
import { faultBeforeReading, faultOfBytes, maxFileBytes } from "./fileFaults.ts";
import { readTable, type SheetTable } from "./readTable.ts";

const classes = ["delivery", "quality", "service", "price"];
const task: ReadTask = { classes, fields: { text: "text", textB: null, label: "topic", owner: null } };
const pairs: ReadTask = { classes: ["no", "yes"], fields: { text: "text", textB: "textB", label: "label", owner: null } };

function table(name: string, content: string, hasHeader?: boolean): SheetTable {
  return readTable({
    name,
    bytes: new TextEncoder().encode(content),
    hasHeader,
    nameColumn: (number) => `Column ${number}`,
    isData: (cells) => cells.some((cell) => classOf(cell, classes) !== null),
  });
}

function taken(sheet: SheetTable, of: ReadTask = task) {
  const choice = guessColumns(sheet, of);
  const labels = choice.label === null ? [] : labelsIn(sheet.rows, choice.label);
  return { choice, labels, ...takeRows(sheet, choice, guessMapping(labels, of.classes)) };
}

test("a file with columns called text and label needs no question, also with labels that count from 0", () => {
  const sheet = table("mine.csv", "text,label\nToo dear,price\nCame late,0\n");
  const found = taken(sheet);
  expect(found.examples).toEqual([
    { text: "Too dear", label: 3 },
    { text: "Came late", label: 0 },
  ]);
  expect(isPlain(sheet, found.choice, found)).toBe(true);
});

test("the file that made the task works: its label column has the task's name for it, and others beside it are left alone", () => {
  const sheet = table(
    "train.jsonl",
    '{"text":"Too dear","sentiment":"negative","topic":"price","domain":"hotel"}\n{"text":"Came late","sentiment":"negative","topic":"delivery","domain":"shop"}\n',
  );
  const found = taken(sheet);
  expect(found.choice).toEqual({ text: "text", textB: null, label: "topic" });
  expect(found.examples.map(({ label }) => label)).toEqual([3, 0]);
  expect(isPlain(sheet, found.choice, found)).toBe(true);
});

test("columns with other names are guessed by what they hold, and their labels can be mapped to classes", () => {
  const rows = ["Far too expensive for what it is;teuer", "It came a week late;spät", "I paid twice as much;teuer", "Nobody answers;?"];
  const sheet = table("umfrage.csv", `Antwort;Thema\n${rows.join("\n")}\n`);
  const { choice, labels, examples } = taken(sheet);
  expect(choice).toEqual({ text: "Antwort", textB: null, label: "Thema" });
  expect([labels, examples]).toEqual([["teuer", "spät", "?"], []]);
  const mapping = new Map([...guessMapping(labels, classes), ["teuer", 3] as const, ["spät", 0] as const]);
  const mapped = takeRows(sheet, choice, mapping);
  expect(mapped.examples.map(({ label }) => label)).toEqual([3, 0, 3]);
  expect(mapped.leftOut).toEqual({ empty: 0, unlabelled: 0, unmapped: 1 });
});

test("a paste without column names is told by its first row, and can be read with or without it", () => {
  const pasted = "Too dear\tprice\nCame late\tdelivery\n";
  const sheet = table("pasted.tsv", pasted);
  expect([sheet.hasHeader, sheet.columns]).toEqual([false, ["Column 1", "Column 2"]]);
  expect(taken(sheet).examples).toHaveLength(2);
  expect(sheet.rows.map(({ line }) => line)).toEqual([1, 2]);
  expect(table("pasted.tsv", pasted, true).columns).toEqual(["Too dear", "price"]);
  expect(table("pasted.tsv", `what\thow\n${pasted}`).hasHeader).toBe(true);
  expect(taken(table("pasted.csv", 'Too dear,"price"\n"Late, and cold",delivery\n')).examples[1]).toEqual({
    text: "Late, and cold",
    label: 0,
  });
});

test("rows without a text, a label or a class are left out and counted, and the others are kept", () => {
  const { examples, leftOut } = taken(table("mine.csv", "text,label\n,price\nCheap,price\nLate,\nDear,prize\n"));
  expect(examples).toEqual([{ text: "Cheap", label: 3 }]);
  expect(leftOut).toEqual({ empty: 1, unlabelled: 1, unmapped: 1 });
});

test("a file of one column has no labels", () => {
  const { choice, examples } = taken(table("mine.csv", "text\nToo dear\nCame late\n"));
  expect([choice.label, examples]).toEqual([null, []]);
});

test("pairs take two columns of text", () => {
  const { choice, examples } = taken(table("pairs.csv", "premise,hypothesis,label\nIt rains,It is wet,yes\n"), pairs);
  expect(choice).toEqual({ text: "premise", textB: "hypothesis", label: "label" });
  expect(examples).toEqual([{ text: "It rains", textB: "It is wet", label: 1 }]);
});

test("a number stands for a class unless a class is called by a number", () => {
  expect([classOf("3", classes), classOf("4", classes), classOf(" PRICE ", classes)]).toEqual([3, null, 3]);
  expect([classOf("1", ["1", "2"]), classOf("0", ["1", "2"])]).toEqual([0, null]);
});

test("what is empty, too large, a spreadsheet, packed, binary or no UTF-8 is named before it is read", () => {
  expect(faultBeforeReading("mine.csv", 0)).toBe("empty");
  expect(faultBeforeReading("mine.csv", maxFileBytes + 1)).toBe("tooLarge");
  expect(faultBeforeReading("mine.xlsx", 9)).toBe("spreadsheet");
  expect(faultBeforeReading("mine.pdf", 9)).toBe("otherKind");
  expect(faultBeforeReading("mine.jsonl", maxFileBytes)).toBeNull();
  const bytes = (...values: number[]) => faultOfBytes(Uint8Array.from(values));
  expect(bytes(0x50, 0x4b, 3, 4)).toBe("spreadsheet");
  expect(bytes(0x1f, 0x8b, 8)).toBe("packed");
  expect(bytes(0x41, 0, 0x42)).toBe("binary");
  expect(bytes(0x41, 0xfc, 0x42)).toBe("notUtf8");
  expect(bytes(0x20, 0x0a)).toBe("empty");
  expect(bytes(0x47, 0x72, 0xc3, 0xb6)).toBeNull();
});
