import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { holdOut, loadDataset } from "./dataset.ts";
import { classificationTasks, findClassification, findTask, tasks } from "./tasks.ts";

const fetchFeedback = (file: string) => readFile(new URL(`../../../public/datasets/feedback/${file}`, import.meta.url), "utf8");

test.each(["feedback/sentiment", "feedback/topic"])("%s has its three splits with every class alike", async (name) => {
  const task = findClassification(name, "this test");
  const { train, validation, test: held } = await loadDataset(task, fetchFeedback);
  for (const [split, numRows] of [[train, 1056] as const, [validation, 96] as const, [held, 288] as const]) {
    expect(split).toHaveLength(numRows);
    for (const label of task.classes.keys()) {
      expect(split.filter((example) => example.label === label)).toHaveLength(numRows / task.classes.length);
    }
  }
  expect(new Set(train.map(({ owner }) => owner)).size).toBe(12);
  expect(new Set([...train, ...validation, ...held].map(({ text }) => text)).size).toBe(1440);
});

test("without a validation file a tenth of the training rows is held out, by the seed", async () => {
  const lines = (count: number) => Array.from({ length: count }, (_, i) => JSON.stringify({ text: `text ${i}`, label: i % 2 })).join("\n");
  const asked: string[] = [];
  const fetchText = async (file: string) => {
    asked.push(file);
    return lines(file === "train.jsonl" ? 57 : 9);
  };
  const load = (seed: number) => loadDataset(findTask("cola"), fetchText, seed);
  const first = await load(7);
  expect(asked.sort()).toEqual(["test.jsonl", "train.jsonl"]);
  expect([first.train.length, first.validation.length, first.test.length]).toEqual([52, 5, 9]);
  expect(new Set([...first.train, ...first.validation].map(({ text }) => text)).size).toBe(57);
  expect((await load(7)).validation).toEqual(first.validation);
  expect((await load(8)).validation).not.toEqual(first.validation);
  const numbers = first.validation.map(({ text }) => Number(text.slice(5)));
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
});

test("a handful of rows still leaves one to validate on, a single row is refused", () => {
  const row = { text: "a", label: 0 };
  expect(holdOut([row, row], 1)).toEqual({ train: [row], validation: [row] });
  expect(() => holdOut([row], 1)).toThrow("1 training row cannot be split into training and validation rows: 2 or more are needed");
});

test("errors name the file and the row", async () => {
  const fetchText = async (file: string) => (file === "test.jsonl" ? '{"text": "a", "topic": "speed", "domain": "x"}' : "");
  await expect(loadDataset(findTask("feedback/topic"), fetchText)).rejects.toThrow(/train\.jsonl has no rows|test\.jsonl line 1/);
});

test("every task has one label word per class in each of its prompts", () => {
  expect(tasks.map(({ name }) => name)).toEqual([
    "feedback/sentiment",
    "feedback/topic",
    "sst2",
    "mr",
    "mpqa",
    "cola",
    "subj",
    "trec",
    "qnli",
    "rte",
    "mrpc",
    "boolq",
    "ag_news",
    "replies",
  ]);
  for (const { classes, prompts, fields, causalSuffix } of classificationTasks) {
    for (const { template, labelWords } of prompts) {
      expect(labelWords).toHaveLength(classes.length);
      expect(template.includes("{textB}")).toBe(fields.textB !== null);
    }
    expect(causalSuffix).toContain("{word}");
  }
  expect(() => findTask("feedback")).toThrow('there is no task "feedback"; the tasks are feedback/sentiment, feedback/topic, sst2');
});
