import { expect, test } from "vitest";
import { publicTextExamples, publicTexts, readPublicTexts, requireSameKind } from "./publicTexts.ts";
import type { ReplyTask } from "./task.ts";
import { findTask } from "./tasks.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const replies = findTask("replies") as ReplyTask;
const csv = "Brief,Antwort,Nr\nToo late,We are sorry,1\n Where is it? ,On its way,2\n";

test("named columns of a file become texts with answers, and a run's task reads them back whatever its own columns are called", async () => {
  const texts = await readPublicTexts({ name: "letters.csv", bytes: bytesOf(csv), text: "Brief", answer: "Antwort" });
  expect(texts).toMatchObject({ kind: "reply", numTexts: 2 });
  expect(texts.jsonl).toBe('{"text":"Too late","answer":"We are sorry"}\n{"text":"Where is it?","answer":"On its way"}\n');
  expect(publicTextExamples(replies, texts.jsonl, "letters.csv")).toEqual([
    { kind: "reply", text: "Too late", answer: "We are sorry" },
    { kind: "reply", text: "Where is it?", answer: "On its way" },
  ]);
});

test("the same rows are the same texts from CSV, JSON Lines and the layouts of instruction data, so that their hash is", async () => {
  const expected = (await readPublicTexts({ name: "letters.csv", bytes: bytesOf(csv), text: "Brief", answer: "Antwort" })).jsonl;
  const rows = [
    ["Too late", "We are sorry"],
    ["Where is it?", "On its way"],
  ];
  const lines = (row: (text: string, answer: string) => unknown) =>
    bytesOf(rows.map(([text = "", answer = ""]) => JSON.stringify(row(text, answer))).join("\n"));
  const files = [
    lines((text, answer) => ({ instruction: text, output: answer })),
    lines((prompt, completion) => ({ prompt, completion })),
    lines((text, answer) => ({
      messages: [
        { role: "user", content: text },
        { role: "assistant", content: answer },
      ],
    })),
  ];
  for (const bytes of files) expect((await readPublicTexts({ name: "letters.jsonl", bytes })).jsonl).toBe(expected);
});

test("turns before the text are kept", async () => {
  const turns = [
    { role: "user", content: "Hello" },
    { role: "assistant", content: "How can I help?" },
    { role: "user", content: "Where is it?" },
    { role: "assistant", content: "On its way" },
  ];
  const { jsonl } = await readPublicTexts({ name: "chats.jsonl", bytes: bytesOf(JSON.stringify({ messages: turns })) });
  expect(publicTextExamples(replies, jsonl, "chats.jsonl")).toEqual([
    { kind: "reply", turns: turns.slice(0, 2), text: "Where is it?", answer: "On its way" },
  ]);
});

test("every bad row is told with its file, line and column, and a row without an answer with what to do", async () => {
  const read = (text: string) => readPublicTexts({ name: "letters.csv", bytes: bytesOf(text), text: "Brief", answer: "Antwort" });
  await expect(read("Brief,Antwort\na,b\nToo late,\nc,d\n,e\n")).rejects.toThrow(
    /2 of 4 rows cannot be used:\n {2}letters\.csv line 3: there is no answer in "Antwort": write one, or take the row out\n {2}letters\.csv line 5: /,
  );
  await expect(read("Brief,Reply\na,b\n")).rejects.toThrow('letters.csv has no column "Antwort", it has Brief, Reply');
  await expect(readPublicTexts({ name: "letters.csv", bytes: bytesOf("a,b\n1,2\n") })).rejects.toThrow(
    /letters\.csv: name the columns .* found a, b/,
  );
  await expect(readPublicTexts({ name: "letters.txt", bytes: bytesOf("a") })).rejects.toThrow("letters.txt");
});

test("plain text is for continuation tasks, and texts with answers for reply tasks", async () => {
  const plain = await readPublicTexts({ name: "diary.csv", bytes: bytesOf("Tag,Nr\nIt rains,1\n"), text: "Tag" });
  expect(plain).toEqual({ kind: "continuation", jsonl: '{"text":"It rains"}\n', numTexts: 1 });
  expect(() => requireSameKind(replies, { from: "diary.csv", kind: plain.kind })).toThrow(
    "strategy.distillText: diary.csv holds plain text, and replies is a reply task, which needs texts with answers: name their column with answer",
  );
  expect(() => requireSameKind({ name: "diaries", kind: "continuation" }, { from: "letters.csv", kind: "reply" })).toThrow(
    "letters.csv holds texts with answers",
  );
  expect(() => requireSameKind(replies, { from: "letters.csv", kind: "reply" })).not.toThrow();
  expect(() => publicTexts([], "empty")).toThrow("empty has no rows");
});
