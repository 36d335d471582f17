import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findTask } from "@tutti/data";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeData, hashRows } from "./taskData.ts";

const folder = temporaryFolder();

async function writeCard(trainHash: string): Promise<void> {
  const card = {
    format: "tutti-dataset-1",
    task: findTask("subj"),
    numRows: { train: 30, validation: 5, test: 10 },
    numByClass: [15, 15],
    source: "a file",
    licence: "unknown",
    sha256: { "train.jsonl": trainHash, "test.jsonl": "b" },
    notes: ["The training part is 30 of 40 rows, drawn with seed 42."],
  };
  await writeFile(join(folder.path, "datasets/subj/dataset.json"), JSON.stringify(card));
}

beforeAll(() => mkdir(join(folder.path, "datasets/subj"), { recursive: true }));
afterAll(() => folder.remove());

test("an added data set is known by its rows, one that comes with the project needs no hash", async () => {
  await writeCard("a");
  const first = await hashRows(folder.path, ["feedback/topic", "subj"]);
  expect([...first.keys()]).toEqual(["subj"]);
  expect(await hashRows(folder.path, ["subj"])).toEqual(first);
  await writeCard("c");
  expect((await hashRows(folder.path, ["subj"])).get("subj")).not.toBe(first.get("subj"));
});

test("a report is told how many rows there were, how they came about and which they are", async () => {
  const size = { task: "subj", meanCharacters: 9, numTrain: 30, numEvaluated: 15, numTest: 10 };
  const notes = ["The training part is 30 of 40 rows, drawn with seed 42."];
  const rows = (await hashRows(folder.path, ["subj"])).get("subj");
  expect(rows).toMatch(/^[0-9a-f]{64}$/);
  const own = { ...size, task: "feedback/topic" };
  expect(await describeData(folder.path, [size, own])).toEqual([
    { task: "subj", numTrain: 30, numValidation: 5, numTest: 10, notes, rows },
    { task: "feedback/topic", numTrain: 30, numValidation: 5, numTest: 10, notes: [], rows: null },
  ]);
});
