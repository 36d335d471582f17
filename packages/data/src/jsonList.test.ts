import { expect, test } from "vitest";
import { dataFileColumns } from "./columns.ts";
import { parseDataFile } from "./dataFile.ts";
import { ExactNumber } from "./exactNumber.ts";
import { fileTextTask } from "./fileTextTask.ts";
import { readJson } from "./jsonList.ts";
import { replyLayout } from "./layouts.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const rowsOf = (text: string) => readJson(text, "own.json").rows;

/** The examples that a file makes by its columns' names alone. */
async function examplesOf(name: string, text: string) {
  const columns = replyLayout(dataFileColumns(name, bytesOf(text)));
  if (columns === null) throw new Error(`${name} has no known layout`);
  const { rows } = await parseDataFile(name, bytesOf(text));
  const part = { source: name, rows };
  return fileTextTask({ name: "own", columns }, { train: part, validation: part, test: part }).splits.train;
}

test("a list of objects is rows with the lines on which they begin, whatever their strings hold", () => {
  const text = '\uFEFF [\r\n{"a": "x, ]}", "b": [1, {"c": 2}]},\n\n  {"a": "\\"[\\\\",\n "b": null}, {"a": 12345678901234567890}\n]\n';
  const rows = rowsOf(text);
  expect(rows.map(({ line }) => line)).toEqual([2, 4, 5]);
  expect(rows.slice(0, 2).map(({ fields }) => fields)).toEqual([
    { a: "x, ]}", b: [1, { c: 2 }] },
    { a: '"[\\', b: null },
  ]);
  expect(rows[2]?.fields.a).toBeInstanceOf(ExactNumber);
  expect(rowsOf("[]")).toEqual([]);
  expect(rowsOf('{"a": 1}\n{"a": 2}').map(({ line }) => line)).toEqual([1, 2]); // JSON Lines under that name, as hubs have them
});

test("parts of a list that are no objects are faults of their rows, and a list that does not end is refused as a whole", () => {
  const { rows, faults } = readJson('[{"a": 1}, 7,\n{"a" 2}, {"a": 3}, ]', "own.json");
  expect(rows.map(({ fields }) => fields.a)).toEqual([1, 3]);
  expect(faults.map(({ line }) => line)).toEqual([1, 2, 2]);
  expect(faults[0]?.message).toContain("own.json line 1: expected an object such as");
  for (const cut of ['[{"a": 1}', '[{"a": "1}]', "[", '[{"a": 1},'])
    expect(() => rowsOf(cut), cut).toThrow("own.json: its list does not end");
  expect(() => rowsOf('[{"a": 1}]\n[{"a": 2}]')).toThrow('own.json line 2: "[{\\"a\\": 2}]" follows the list: take it out');
  for (const odd of ['[{"a": 1}', "[7]", "{", ""]) expect(dataFileColumns("own.json", bytesOf(odd)), odd).toEqual([]);
});

test("Alpaca's list, Dolly's lines and GSM8K's are found by the names of their columns", async () => {
  const alpaca = [
    { instruction: "Add them.", input: "1 and 2", output: "3" },
    { instruction: "Greet me.", input: "", output: "Hello!" },
  ];
  expect(await examplesOf("alpaca.json", JSON.stringify(alpaca, null, 2))).toEqual([
    { kind: "reply", text: "Add them.\n\n1 and 2", answer: "3" },
    { kind: "reply", text: "Greet me.", answer: "Hello!" },
  ]);
  const dolly = { instruction: "Who wrote it?", context: "By Ada.", response: "Ada did.", category: "closed_qa" };
  expect(await examplesOf("dolly.jsonl", JSON.stringify(dolly))).toEqual([
    { kind: "reply", text: "Who wrote it?\n\nBy Ada.", answer: "Ada did." },
  ]);
  const gsm8k = { question: "Two bags of 24?", answer: "They hold 24*2=<<24*2=48>>48.\n#### 48" };
  expect(await examplesOf("gsm8k.jsonl", JSON.stringify(gsm8k))).toEqual([
    { kind: "reply", text: "Two bags of 24?", answer: "They hold 24*2=<<24*2=48>>48.\nThe answer is 48" },
  ]);
});
