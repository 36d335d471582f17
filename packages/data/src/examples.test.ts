import { expect, test } from "vitest";
import { parseOwnExamples, rowsToExamples } from "./examples.ts";
import { parseJsonl } from "./jsonl.ts";
import { findClassification } from "./tasks.ts";

const topic = findClassification("feedback/topic", "this test");
const boolq = findClassification("boolq", "this test");
const bytes = (text: string) => new TextEncoder().encode(text);
const own = (name: string, text: string, task = topic) => parseOwnExamples(name, bytes(text), task).examples;

test("rows of a built-in task become examples with class numbers and owners", () => {
  const rows = parseJsonl('{"text": " Late again. ", "sentiment": "negative", "topic": "delivery", "domain": "shop"}');
  expect(rowsToExamples(topic, rows)).toEqual([{ text: "Late again.", label: 0, owner: "shop" }]);
  expect(rowsToExamples(findClassification("feedback/sentiment", "this test"), rows)).toEqual([
    { text: "Late again.", label: 0, owner: "shop" },
  ]);
  expect(rowsToExamples(topic, parseJsonl('{"text": "Dear", "topic": "price", "domain": "food"}'))[0]?.label).toBe(3);
});

test("a pair task reads both texts", () => {
  const rows = parseJsonl('{"text": "The passage.", "textB": "is it so", "label": "yes"}');
  expect(rowsToExamples(boolq, rows)).toEqual([{ text: "The passage.", textB: "is it so", label: 1 }]);
});

test.each([
  ['{"text": "a", "domain": "x"}', 'test.jsonl line 1: there is no field "topic"; the row has text, domain'],
  [
    '{"text": "a", "topic": "speed", "domain": "x"}',
    'field "topic" is "speed", expected one of delivery, quality, service, price (or 0 to 3)',
  ],
  ['{"text": "a", "topic": 4, "domain": "x"}', 'field "topic" is 4, expected one of'],
  ['{"text": "a", "topic": -1, "domain": "x"}', 'field "topic" is -1, expected one of'],
  ['{"text": "a", "topic": 0.5, "domain": "x"}', 'field "topic" is 0.5, expected one of'],
  ['{"text": "a", "topic": true, "domain": "x"}', 'field "topic" is true, expected one of'],
  ['{"text": "a", "topic": "", "domain": "x"}', 'field "topic" is "", expected one of'],
  ['{"text": "  ", "topic": "price", "domain": "x"}', 'test.jsonl line 1: field "text" is empty'],
  ['{"text": 7, "topic": "price", "domain": "x"}', 'test.jsonl line 1: field "text" must be text, found 7'],
  ['{"topic": "price", "domain": "x", "__proto__": {"text": "a"}}', 'there is no field "text"'],
])("the row %s is refused with line and field", (row, message) => {
  expect(() => rowsToExamples(topic, parseJsonl(row, "test.jsonl"), "test.jsonl")).toThrow(message);
});

test("own examples come as CSV or JSON Lines, labels by name in any case or by number", () => {
  const expected = [
    { text: "Too dear, really", label: 3 },
    { text: "Came late", label: 0 },
  ];
  expect(own("Mine.CSV", 'label,text\nPrice,"Too dear, really"\n0,Came late\n')).toEqual(expected);
  const lines = '{"text": "Too dear, really", "label": "price"}\n{"text": "Came late", "label": 0}\n';
  expect(own("mine.jsonl", lines)).toEqual(expected);
  expect(own("mine.csv", "text,textB,label\nPassage,question,yes\n", boolq)).toEqual([{ text: "Passage", textB: "question", label: 1 }]);
});

test("where classes are called by numbers, an own file's numbers are their names and count from nowhere", () => {
  const classes = ["1", "2", "1234567890123456781"];
  const labels = (lines: string, name = "mine.jsonl") => own(name, lines, { ...topic, classes }).map(({ label }) => label);
  const lines = '{"text": "a", "label": 1}\n{"text": "b", "label": "2"}\n{"text": "c", "label": 1234567890123456781}\n';
  expect(labels(lines)).toEqual([0, 1, 2]);
  expect(labels("text,label\na,1\nb,2\n", "mine.csv")).toEqual([0, 1]);
  for (const wrong of ["0", '"0"', "1234567890123456780"])
    expect(() => labels(`{"text": "a", "label": ${wrong}}\n`)).toThrow(`is ${wrong}, expected one of 1, 2, 1234567890123456781`);
  expect(own("mine.jsonl", '{"text": "a", "label": true}\n', { ...topic, classes: ["false", "true"] })[0]?.label).toBe(1);
});

test("own files that cannot be read say what to do", () => {
  expect(() => own("mine.xlsx", "x")).toThrow("mine.xlsx: only files ending in .csv, .tsv or .jsonl can be read");
  expect(() => own("mine.csv", "text,label\n")).toThrow("mine.csv has no examples");
  expect(() => own("mine.csv", "sentence,label\na,price\n")).toThrow(
    'mine.csv line 2: there is no field "text"; the row has sentence, label',
  );
});

test("the file that made the task is a volunteer's own file too: its columns have the task's names, and those of the reader go first", () => {
  const made = { ...topic, fields: { text: "message", textB: null, label: "topic", owner: null } };
  const read = (content: string) => own("made.csv", content, made);
  const [name = ""] = topic.classes;
  expect(read(`id,message,topic\n7,Hello,${name}\n`)).toEqual([{ text: "Hello", label: 0 }]);
  expect(read(`text,label,message,topic\nHello,${name},other,none\n`)).toEqual([{ text: "Hello", label: 0 }]);
  expect(() => read("message,what\nHello,there\n")).toThrow('there is no field "label"');
});
