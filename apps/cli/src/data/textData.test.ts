import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDatasetCard } from "@tutti/data";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";
import { createDataBench, type DataBench, kindsOfFiles } from "../testing/dataCommands.ts";

let bench: DataBench;
beforeEach(async () => {
  bench = await createDataBench();
});
afterEach(() => bench.remove());

const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const cardOf = async (name: string) => parseDatasetCard(await readFile(join(bench.datasets, name, "dataset.json"), "utf8"));
const said = async (...words: string[]) => {
  const spy = vi.spyOn(console, "log").mockReturnValue(undefined);
  await createProgram().parseAsync([...words, "--datasets", bench.datasets], { from: "user" });
  const lines = spy.mock.calls.map(([line]) => String(line)).join("\n");
  spy.mockRestore();
  return lines;
};

test("named columns make a reply task with labels, owners and a template, which list and show tell", async () => {
  const rows = ["Late;Sorry about that.;delay;north", "Lost;We look for it.;loss;south", "Broken;We mend it.;loss;north"];
  const path = await bench.file("desk.csv", `question;reply;intent;branch\n${[...rows, ...rows].join("\n")}\n`);
  const words = [
    "--text",
    "question",
    "--answer",
    "reply",
    "--label",
    "intent",
    "--owner",
    "branch",
    "--template",
    "Q: {text}\\nA: {answer}",
  ];
  const added = await bench.add(path, ...words, "--metric", "tokenAccuracy");
  expect(added).toContain("desk: 5 training rows, no validation part, 1 to test on");
  expect(added).toContain("Labels in training: delay ");
  const { task } = await cardOf("desk");
  expect(task).toMatchObject({
    kind: "reply",
    groups: ["delay", "loss"],
    template: { kind: "text", text: "Q: {text}\nA: {answer}" },
    metric: "tokenAccuracy",
  });
  expect(await bench.rows("desk")).toContainEqual({ text: "Lost", answer: "We look for it.", label: "loss", owner: "south" });
  expect(await said("data", "list")).toMatch(/desk\s+reply\s+5\s+-\s+1/);
  const shown = await said("data", "show", "desk");
  expect(shown).toMatch(/kind\s+reply: a text to an answer/);
  expect(shown).toMatch(/template\s+"Q: \{text\}\\nA: \{answer\}"/);
  expect(shown).toMatch(/labels\s+delay [12], loss [34]/);
});

test("the instruction layouts are found by name, in a folder of files as in Parquet, unless the columns are those of classification", async () => {
  const turn = (role: string, content: string) => ({ role, content });
  const conversations = [0, 1, 2, 3, 4].map((row) => ({ messages: [turn("user", `Ask ${row}`), turn("assistant", `Answer ${row}`)] }));
  await bench.file("chats/train.jsonl", jsonl(conversations));
  await bench.file("chats/test.jsonl", jsonl(conversations.slice(0, 2)));
  expect(await bench.add(join(bench.folder, "chats"), "--template", "chat")).toContain('Conversations are in "messages"');
  expect((await cardOf("chats")).task).toMatchObject({ kind: "reply", template: { kind: "chat" }, fields: { turns: null } });
  expect(await said("data", "show", "chats")).toMatch(/template\s+the checkpoint's chat template/);
  const columnData = [
    { name: "id", type: "INT32" as const, data: [1, 2, 3, 4, 5] },
    { name: "instruction", type: "STRING" as const, data: ["Add", "Add", "Halve", "Name it", "Stop"] },
    { name: "input", type: "STRING" as const, data: ["1 2", "2 2", "8", "", ""] },
    { name: "output", type: "STRING" as const, data: ["3", "4", "4", "Tutti", "Yes"] },
  ];
  const parquet = await bench.file("alpaca.parquet", new Uint8Array(parquetWriteBuffer({ columnData })));
  expect(await bench.add(parquet)).toContain('The text is in "instruction" and "input", the answer in "output".');
  expect(await bench.rows("alpaca")).toContainEqual({ text: "Add\n\n1 2", answer: "3" });
  expect(await bench.rows("alpaca")).toContainEqual({ text: "Name it", answer: "Tutti" });
  await bench.add(join(kindsOfFiles, "conversations.parquet"), "--label", "source"); // lists of structures, as pyarrow writes them
  expect(await bench.rows("conversations")).toContainEqual({ text: "Ask 2", answer: "Antwört 2", label: "a" });
  const rhymed = { turns: [{ role: "system", content: "Rhyme." }], text: "Ask 3", answer: "Antwört 3", label: "b" };
  expect(await bench.rows("conversations")).toContainEqual(rhymed);
  const both = [0, 1, 2, 3, 4].map((row) => ({ text: `t${row}`, label: row % 2, answer: "a" }));
  await bench.add(await bench.file("both.jsonl", jsonl(both)));
  expect((await cardOf("both")).task.kind).toBe("classification");
  await bench.add(await bench.file("asked.jsonl", jsonl(both)), "--kind", "reply", "--label", "label");
  expect((await cardOf("asked")).task).toMatchObject({ kind: "reply", groups: ["0", "1"] });
});

test("instructions with a category, as Dolly's, are dealt by it, as labels and as owners", async () => {
  const rows = [0, 1, 2, 3, 4, 5].map((row) => ({
    instruction: `Ask ${row}`,
    context: row % 3 === 0 ? "" : `About ${row}`,
    response: `Answer ${row}`,
    category: row % 2 === 0 ? "open_qa" : "summary",
  }));
  const path = await bench.file("dolly.json", JSON.stringify(rows));
  expect(await bench.add(path, "--label", "category", "--owner", "category")).toContain(
    'The text is in "instruction" and "context", the answer in "response".',
  );
  expect((await cardOf("dolly")).task).toMatchObject({
    kind: "reply",
    groups: ["open_qa", "summary"],
    fields: { group: "label", owner: "owner" },
  });
  const expected = { text: "Ask 4\n\nAbout 4", answer: "Answer 4", label: "open_qa", owner: "open_qa" };
  expect(await bench.rows("dolly")).toContainEqual(expected);
});

test("plain text by owner is a continuation task", async () => {
  const rows = [0, 1, 2, 3, 4].map((row) => ({ page: `Dear diary ${row}`, author: `a${row % 2}` }));
  const path = await bench.file("diaries.jsonl", jsonl(rows));
  await bench.add(path, "--kind", "continuation", "--text", "page", "--owner", "author");
  expect((await cardOf("diaries")).task).toMatchObject({ kind: "continuation", metric: "perplexity", groups: [] });
  expect(await bench.rows("diaries")).toContainEqual({ text: "Dear diary 3", owner: "a1" });
});

test("rows without an answer, and flags that do not fit the kind, are told in a sentence, and nothing is left behind", async () => {
  const path = await bench.file("desk.jsonl", jsonl([{ text: "a", answer: "b" }, { text: "c" }, { text: "d", answer: "" }]));
  await expect(bench.add(path)).rejects.toThrow(
    '2 of 3 rows cannot be used:\n  desk.jsonl line 2: there is no answer in "answer": write one, or take the row out',
  );
  await expect(bench.add(path)).rejects.toThrow("--skip-faulty leaves these rows out");
  for (const [words, sentence] of [
    [["--kind", "continuation", "--answer", "answer"], "a continuation task has plain text alone: leave --answer and --text-b out"],
    [["--kind", "classification", "--answer", "answer"], "--answer is for reply tasks"],
    [["--metric", "accuracy"], "--metric accuracy does not judge a reply task: choose one of perplexity"],
    [["--template", "{text}"], '--template "{text}" must hold {text} once, then {answer} at its end'],
    [["--classes", "a,b", "--kind", "reply"], "--classes names the values of the label column: name that column with --label"],
    [["--answer", "reply"], 'desk.jsonl has no column "reply", it has text, answer'],
    [["--name", "replies"], "replies comes with Tutti: give yours another --name"],
  ] as const)
    await expect(bench.add(path, ...words), words.join(" ")).rejects.toThrow(sentence);
  const other = await bench.file("other.jsonl", jsonl([{ question: "a" }]));
  await expect(bench.add(other, "--kind", "reply")).rejects.toThrow(
    "a reply task needs the column of its answers: name it with --answer, or bring the columns messages; instruction and output",
  );
  expect(await bench.everything()).toEqual({});
});
