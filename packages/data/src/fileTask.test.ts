import { expect, test } from "vitest";
import { parseCsv } from "./csv.ts";
import { parseDataFile } from "./dataFile.ts";
import { loadDataset } from "./dataset.ts";
import { type FileTaskOptions, fileTask, rowOf } from "./fileTask.ts";
import { parseJsonl } from "./jsonl.ts";
import type { SourceRows } from "./parts.ts";

const csv = (text: string, source = "own.csv"): SourceRows => ({ source, rows: parseCsv(text, source) });
const jsonl = (rows: readonly object[], source = "own.jsonl"): SourceRows => ({
  source,
  rows: parseJsonl(rows.map((row) => JSON.stringify(row)).join("\n"), source),
});
const columns = { name: "own", text: "message", label: "team" };
const two = csv("message,team\na,x\nb,y\n");

test("columns of any names become a task; the training part's labels are its classes", () => {
  const train = csv("team,message,branch\nsales,Too dear,north\nhelp,It broke,south\nSales,Discount?,north\n");
  const { task, splits, dataset } = fileTask({ ...columns, owner: "branch" }, { train, test: csv("message,team,branch\nHi,HELP,west\n") });
  expect(task).toEqual({
    kind: "classification",
    name: "own",
    title: "own",
    dataset: "own",
    files: { train: "train.jsonl", validation: null, test: "test.jsonl" },
    fields: { text: "text", textB: null, label: "label", owner: "owner" },
    classes: ["help", "sales"],
    prompts: [{ template: "{text} . It was {mask} .", labelWords: ["help", "sales"] }],
    causalSuffix: "It was {word} .",
    metric: "accuracy",
  });
  expect(splits.train).toEqual([
    { text: "Too dear", label: 1, owner: "north" },
    { text: "It broke", label: 0, owner: "south" },
    { text: "Discount?", label: 1, owner: "north" },
  ]);
  expect(splits.test).toEqual([{ text: "Hi", label: 0, owner: "west" }]);
  expect([dataset.train.length, dataset.validation.length]).toEqual([2, 1]);
});

test("labels that differ in capitals alone are one class, and a note says so", () => {
  const train = csv("message,team\na,x\nb,y\nc,X\nd,y\n");
  const { task, splits, notes } = fileTask(columns, { train, test: two });
  expect([task.classes, splits.train.map(({ label }) => label)]).toEqual([
    ["x", "y"],
    [0, 1, 0, 1],
  ]);
  expect(notes).toEqual(['own.csv: X in column "team" counts as x: upper and lower case are not told apart.']);
  expect(fileTask(columns, { train: two, test: two }).notes).toEqual([]);
});

test("numbers are classes of their own, in their order, where no classes are given", () => {
  const rows = [10, 9, 2, 9].map((stars) => ({ message: "m", team: stars }));
  const { task, splits } = fileTask(columns, { train: jsonl(rows), test: jsonl(rows) });
  expect(task.classes).toEqual(["2", "9", "10"]);
  expect(splits.train.map(({ label }) => label)).toEqual([2, 1, 0, 1]);
});

test("with classes given, numbers count from 0 unless a class is called by a number; true is 1", () => {
  const labels = (classes: string[], values: unknown[]) =>
    fileTask({ ...columns, classes }, { train: jsonl(values.map((team) => ({ message: "m", team }))), test: two }).splits.train;
  const withTest = (classes: string[], values: unknown[]) => {
    const rows = jsonl(values.map((team) => ({ message: "m", team })));
    return fileTask({ ...columns, classes }, { train: rows, test: rows }).splits.train.map(({ label }) => label);
  };
  expect(withTest(["no", "yes"], [1, 0, 1])).toEqual([1, 0, 1]);
  expect(withTest(["no", "yes"], [true, false])).toEqual([1, 0]);
  expect(withTest(["3", "1"], [1, 3])).toEqual([1, 0]);
  expect(() => labels(["3", "1"], [0])).toThrow('own.jsonl line 1: column "team" is 0, expected one of 3, 1');
});

test("numbers stand for the names that their source gives them, in whatever order the classes are", () => {
  const rows = jsonl([2, 0, 1].map((team) => ({ message: "m", team })));
  const labels = (options: Partial<FileTaskOptions>) => {
    const { task, splits } = fileTask({ ...columns, ...options }, { train: rows, test: rows });
    return [task.classes, splits.train.map(({ label }) => label)];
  };
  const numbering = ["b", "c", "a"];
  expect(labels({ numbering })).toEqual([numbering, [2, 0, 1]]);
  expect(labels({ numbering, classes: ["A", "B", "C"] })).toEqual([
    ["A", "B", "C"],
    [0, 1, 2],
  ]);
  expect(labels({ numbering, classes: ["x", "y", "z"] })).toEqual([
    ["x", "y", "z"],
    [2, 0, 1],
  ]);
});

test("files of one data set may write the same labels as text and as numbers", () => {
  const train = csv("message,team\na,1\nb,0\n");
  const held = jsonl([{ message: "c", team: 1 }]);
  expect(fileTask(columns, { train, test: held }).splits.test[0]?.label).toBe(1);
});

test("pairs ask with both texts", () => {
  const train = csv("message,other,team\na,b,x\nc,d,y\n");
  const { task, splits } = fileTask({ ...columns, textB: "other" }, { train, test: train });
  expect(task.fields.textB).toBe("textB");
  expect(task.prompts[0]?.template).toBe("{text} ? {mask} , {textB}");
  expect(splits.train[1]).toEqual({ text: "c", textB: "d", label: 1 });
});

test("missing splits are made by fixed rules, which the notes say", () => {
  const rows = (count: number, source: string) =>
    jsonl(
      Array.from({ length: count }, (_, i) => ({ message: `${source} ${i}`, team: i % 2 === 0 ? "x" : "y" })),
      source,
    );
  const alone = fileTask(columns, { train: rows(53, "all") });
  expect([alone.splits.train.length, alone.splits.validation, alone.splits.test.length]).toEqual([43, null, 10]);
  expect(alone.notes).toEqual(["A fifth of the rows, drawn with seed 42, is the test part."]);
  expect(new Set([...alone.splits.train, ...alone.splits.test].map(({ text }) => text)).size).toBe(53);
  expect(fileTask(columns, { train: rows(53, "all") }, 43).splits.test).not.toEqual(alone.splits.test);
  const reported = fileTask(columns, { train: rows(20, "train"), validation: rows(6, "dev") });
  expect([reported.splits.validation, reported.splits.test.length, reported.dataset.validation.length]).toEqual([null, 6, 2]);
  expect(reported.notes[0]).toContain("Scores are on the validation rows");
  const secret = jsonl([{ message: "a", team: -1 }]);
  const numbered = rows(20, "train").rows.map((row, i) => ({ ...row, fields: { ...row.fields, team: i % 2 } }));
  const train = { source: "train", rows: numbered };
  expect(fileTask(columns, { train, validation: train, test: secret }).splits.test).toHaveLength(20);
  const signs = jsonl([-1, 1, -1].map((team) => ({ message: "a", team })));
  expect(fileTask(columns, { train: signs, test: secret }).splits.test).toEqual([{ text: "a", label: 0 }]);
  expect(() => fileTask(columns, { train: rows(4, "few") })).toThrow("4 rows are too few");
});

const given: Partial<FileTaskOptions> = { classes: ["x", "y"] };
test.each([
  [csv("message,squad\na,x\n"), {}, 'own.csv line 2: there is no field "team"; the row has message, squad'],
  [csv("text,team\na,x\n"), given, 'own.csv line 2: there is no field "message"; the row has text, team'],
  [csv("message,team\na,x\nb,z\n"), given, 'own.csv line 3: column "team" is "z", expected one of x, y or 0 to 1'],
  [jsonl([{ message: "a", team: 7 }]), given, 'own.jsonl line 1: column "team" is 7, expected one of x, y or 0 to 1'],
  [jsonl([{ message: "a", team: -1 }]), given, "(-1 marks rows whose labels are kept secret)"],
  [csv("message,team\na,x\n  ,y\n"), {}, 'own.csv line 3: field "message" is empty'],
  [jsonl([{ message: 7, team: "x" }]), given, 'own.jsonl line 1: field "message" must be text, found 7'],
  [jsonl([{ message: null, team: "x" }]), given, 'field "message" must be text, found null'],
  [
    jsonl([
      { message: "a", team: "x" },
      { message: "a", team: 1 },
    ]),
    {},
    'own.jsonl line 2: column "team" is 1, but it holds text at own.jsonl line 1: labels must be of one kind',
  ],
  [jsonl([{ message: "a", team: 0.5 }]), {}, 'column "team" is 0.5, expected the name of a class or a whole number'],
  [jsonl([{ message: "a", team: null }]), {}, 'column "team" is null, expected the name of a class'],
  [csv("message,team\na,\n"), {}, 'column "team" is "", expected the name of a class'],
  [csv("message,team\na,x\nb,X\n"), {}, 'column "team" holds only the class "x": a task needs two classes or more'],
  [csv("message,team\n"), given, "own.csv has no rows"],
  [csv("message,team\na,x\n"), { classes: ["x", "y", "X"] }, 'two classes are called "x"'],
  [jsonl(Array.from({ length: 201 }, (_, i) => ({ message: "a", team: `t${i}` }))), {}, 'column "team" has more than 200 different values'],
])("what does not fit is refused with its place (%#)", (train, options, message) => {
  expect(() => fileTask({ ...columns, ...options }, { train, test: two })).toThrow(message);
});

test("what is written for a task is read back as the same examples", async () => {
  const train = csv("message,team,branch\na,10,n\nb,9,s\nc,10,n\n");
  const { task, splits } = fileTask({ ...columns, owner: "branch" }, { train, validation: train, test: train });
  const text = splits.train.map((example) => JSON.stringify(rowOf(example, task.classes))).join("\n");
  expect(text.split("\n")[0]).toBe('{"text":"a","label":"10","owner":"n"}');
  const read = await loadDataset(task, async () => text);
  expect(read).toEqual(splits);
});

test("a data file is read as its name says", async () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect((await parseDataFile("a.TSV", bytes("x\ty\n1\t2\n"))).rows[0]?.fields).toEqual({ x: "1", y: "2" });
  expect((await parseDataFile("a.ndjson", bytes('{"x": 1}'))).rows[0]?.fields).toEqual({ x: 1 });
  await expect(parseDataFile("a.xlsx", bytes(""))).rejects.toThrow(
    "a.xlsx: only files ending in .csv, .tsv, .jsonl, .ndjson, .json, .parquet can be read",
  );
  await expect(parseDataFile("a.csv", new Uint8Array([116, 255, 10]))).rejects.toThrow("a.csv is not UTF-8 text");
});
