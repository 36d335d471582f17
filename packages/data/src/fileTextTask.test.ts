import { expect, test } from "vitest";
import { parseCsv } from "./csv.ts";
import { loadDataset } from "./dataset.ts";
import { parseDatasetCard } from "./datasetCard.ts";
import { type FileTextOptions, fileTextTask, textRowOf } from "./fileTextTask.ts";
import { parseJsonl } from "./jsonl.ts";
import { replyLayout } from "./layouts.ts";
import type { SourceRows } from "./parts.ts";

const jsonl = (rows: readonly object[], source = "own.jsonl"): SourceRows => ({
  source,
  rows: parseJsonl(rows.map((row) => JSON.stringify(row)).join("\n"), source),
});
const layoutOf = (columns: readonly string[]) => {
  const layout = replyLayout(columns);
  if (layout === null) throw new Error("this test needs a layout");
  return layout;
};
const made = (columns: FileTextOptions["columns"], rows: readonly object[], more: Partial<FileTextOptions> = {}) =>
  fileTextTask({ name: "own", columns, ...more }, { train: jsonl(rows), validation: jsonl(rows), test: jsonl(rows) });

const asked = { role: "user", content: "Shorten it: A long day." };
const answered = { role: "assistant", content: "A day." };

test("instruction with input and output, prompt and completion, and messages are one example, told apart by name", () => {
  const instruction = { instruction: "Shorten it: ", input: "A long day.", output: " A day.", owner: 7 };
  const plain = { prompt: "Shorten it: A long day.", completion: "A day." };
  const inputs = made(layoutOf(["id", "instruction", "input", "output"]), [instruction], { owner: "owner" }).splits.train;
  expect(inputs).toEqual([{ kind: "reply", text: "Shorten it:\n\nA long day.", answer: "A day.", owner: "7" }]);
  const expected = [{ kind: "reply", text: "Shorten it: A long day.", answer: "A day." }];
  expect(made(layoutOf(["completion", "prompt"]), [plain]).splits.train).toEqual(expected);
  expect(made(layoutOf(["messages", "text"]), [{ messages: [asked, answered] }]).splits.train).toEqual(expected);
  const turns = { prompt: [asked], completion: [answered] }; // the same layout with conversations
  expect(made(layoutOf(["prompt", "completion"]), [turns]).splits.train).toEqual(expected);
  const without = made(layoutOf(["instruction", "output", "input"]), [{ ...instruction, input: "" }]).splits.train;
  expect(without.map(({ text }) => text)).toEqual(["Shorten it:"]);
  expect([replyLayout(["text", "label"]), replyLayout(["instruction", "input"])]).toEqual([null, null]);
});

test("the last turn of a conversation is the answer, what comes before the user's last turn goes along, also out of CSV", async () => {
  const messages = [{ role: "system", content: "Rhyme." }, asked, answered, { role: "user", content: "Once more." }, answered];
  const cell = `"${JSON.stringify(messages).replaceAll('"', '""')}"`;
  const rows = { source: "own.csv", rows: parseCsv(`messages\n${cell}\n`, "own.csv") };
  const { task, splits } = fileTextTask({ name: "own", columns: layoutOf(["messages"]) }, { train: rows, validation: rows, test: rows });
  expect(splits.train).toEqual([{ kind: "reply", turns: messages.slice(0, 3), text: "Once more.", answer: "A day." }]);
  expect(task).toMatchObject({ kind: "reply", fields: { turns: "turns", group: null, owner: null }, groups: [] });
  const text = splits.train.map((example) => JSON.stringify(textRowOf(example, []))).join("\n");
  expect((await loadDataset({ ...task, files: { train: "a", validation: "a", test: "a" } }, async () => text)).test).toEqual(splits.train);
});

test("a row without an answer is refused with its file, its line and what to do; --skip-faulty counts it", () => {
  const rows = [{ text: "Late.", answer: "Sorry." }, { text: "Lost.", answer: " " }, { text: "Found." }, { text: "Kept.", answer: null }];
  const columns = { kind: "columns", text: "text", answer: "answer" } as const;
  expect(() => made(columns, rows.slice(0, 2))).toThrow('own.jsonl line 2: there is no answer in "answer": write one, or take the row out');
  expect(made(columns, rows, { skipFaulty: true }).notes).toContain("Left out of own.jsonl: 3 of 4 rows: 3 without an answer.");
  expect(() => made({ kind: "conversation", messages: "messages" }, [{ messages: [asked] }])).toThrow(
    'own.jsonl line 1: there is no answer: the conversation in "messages" ends with the user; end it with the assistant, or take the row out',
  );
  expect(() => made({ kind: "conversation", messages: "messages" }, [{ messages: [answered] }])).toThrow(
    "no turn of the user before the answer",
  );
  expect(() => made({ kind: "conversation", messages: "messages" }, [{ messages: [{ role: "human", content: "Hi" }] }])).toThrow(
    'own.jsonl line 1: turn 1 in "messages" is {"role":"human","content":"Hi"}, expected {"role": "system" or "user" or "assistant"',
  );
  expect(() => made({ kind: "conversation", messages: "messages" }, [{ messages: "Hi" }])).toThrow(
    'field "messages" is "Hi", expected a list of',
  );
});

test("plain text has groups and owners, is split as other data sets are, and its card is read back", () => {
  const rows = Array.from({ length: 10 }, (_, row) => ({
    text: `Day ${row}`,
    author: `a${row % 3}`,
    mood: row % 2 === 0 ? "sad" : "glad",
  }));
  const { task, dataset, notes } = fileTextTask(
    { name: "diary", columns: { kind: "plain", text: "text" }, label: "mood", owner: "author" },
    { train: jsonl(rows) },
  );
  expect([dataset.train.length, dataset.validation.length, dataset.test.length]).toEqual([7, 1, 2]);
  expect(notes).toEqual(["A fifth of the rows, drawn with seed 42, is the test part."]);
  for (const example of dataset.train) {
    const row = Number(example.text.slice(4));
    expect(example).toEqual({ kind: "continuation", text: `Day ${row}`, group: row % 2 === 0 ? 1 : 0, owner: `a${row % 3}` });
  }
  expect(task).toMatchObject({ kind: "continuation", groups: ["glad", "sad"], metric: "perplexity" });
  const card = { format: "tutti-dataset-1", task, numRows: { train: 8, validation: null, test: 2 }, numByClass: [4, 4] };
  const text = (changes: object) =>
    JSON.stringify({ ...card, task: { ...task, ...changes }, source: "a", licence: "b", sha256: {}, notes: [] });
  expect(parseDatasetCard(text({})).task).toEqual(task);
  expect(() => parseDatasetCard(text({ kind: "poem" }))).toThrow(
    'task.kind is "poem", expected one of classification, reply, continuation',
  );
  expect(() => parseDatasetCard(text({ metric: "accuracy" }))).toThrow("task.metric");
});

test("a template in the task's file is taken as it is, and one that asks for no answer is refused", () => {
  const { task } = made({ kind: "columns", text: "text", answer: "answer" }, [
    { text: "a", answer: "b" },
    { text: "c", answer: "d" },
  ]);
  const card = (template: object) =>
    JSON.stringify({
      format: "tutti-dataset-1",
      task: { ...task, template },
      numRows: { train: 2, validation: null, test: 2 },
      numByClass: [],
      source: "a",
      licence: "b",
      sha256: {},
      notes: [],
    });
  expect(parseDatasetCard(card({ kind: "text", text: "Q {text} A {answer}" })).task).toMatchObject({
    template: { text: "Q {text} A {answer}" },
  });
  expect(parseDatasetCard(card({ kind: "chat" })).task).toMatchObject({ template: { kind: "chat" } });
  expect(() => parseDatasetCard(card({ kind: "text", text: "Q {text}" }))).toThrow(
    'dataset.json: task.template.text "Q {text}" must hold {text} once, then {answer} at its end',
  );
});
