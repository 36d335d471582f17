import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cardFormat, type DatasetCard, fetchTask, parseDatasetCard } from "./datasetCard.ts";
import { readDatasetCards, rememberDatasets } from "./node.ts";
import { type ClassificationTask, requireClassification } from "./task.ts";
import { datasetFolder, findTask, rememberTask, tasks } from "./tasks.ts";

const card = (name: string) =>
  ({
    format: cardFormat,
    task: {
      kind: "classification",
      name,
      title: "Tickets",
      dataset: name,
      files: { train: "train.jsonl", validation: null, test: "test.jsonl" },
      fields: { text: "text", textB: null, label: "label", owner: "owner" },
      classes: ["help", "sales"],
      prompts: [{ template: "{text} . It was {mask} .", labelWords: ["help", "sales"] }],
      causalSuffix: "It was {word} .",
      metric: "macroF1",
      notes: ["A note."],
    } satisfies ClassificationTask,
    numRows: { train: 9, validation: null, test: 3 },
    numByClass: [4, 5],
    source: "tickets.csv",
    licence: "mine",
    sha256: { "train.jsonl": "ab" },
    notes: ["A note."],
  }) satisfies DatasetCard;

test("a card is read back whole", () => {
  expect(parseDatasetCard(JSON.stringify(card("tickets")))).toEqual(card("tickets"));
});

test.each([
  ["", (c: DatasetCard) => c, "dataset.json is not JSON"],
  ["null", null, "dataset.json is null, expected an object"],
  ["format", { format: "x" }, 'format is "x", expected "tutti-dataset-1"'],
  ["path", { task: { ...card("t").task, dataset: "../backbones" } }, 'task.dataset is "../backbones", expected a file name'],
  ["file", { task: { ...card("t").task, files: { train: "a/b", validation: null, test: "t" } } }, "task.files.train"],
  ["words", { task: { ...card("t").task, classes: ["a", "b", "c"] } }, "2 label words for 3 classes"],
  ["metric", { task: { ...card("t").task, metric: "bleu" } }, 'task.metric is "bleu", expected one of accuracy'],
  ["rows", { numRows: { train: 1.5, validation: null, test: 3 } }, "numRows.train is 1.5, expected a whole number"],
  ["licence", { licence: undefined }, "licence is missing, expected text"],
])("a card that is not one is refused with the field (%s)", (text, change, message) => {
  const json = typeof change === "function" ? text : change === null ? text : JSON.stringify({ ...card("t"), ...change });
  expect(() => parseDatasetCard(json)).toThrow(message);
});

test("a task that is not built in comes from its folder's card, once, and findTask then knows it", async () => {
  const asked: string[] = [];
  const fetchText = async (file: string) => {
    asked.push(file);
    return JSON.stringify(card("from-card"));
  };
  expect(await fetchTask("mr", fetchText)).toBe(findTask("mr"));
  expect(asked).toEqual([]);
  expect(() => findTask("from-card")).toThrow('there is no task "from-card"');
  expect(requireClassification(await fetchTask("from-card", fetchText), "this test").classes).toEqual(["help", "sales"]);
  expect(findTask("from-card").metric).toBe("macroF1");
  await expect(fetchTask("other", fetchText)).rejects.toThrow("other/dataset.json belongs to the task from-card, not to other");
  const fails = async () => Promise.reject(new Error("HTTP 404"));
  await expect(fetchTask("nowhere", fails)).rejects.toThrow(
    'there is no task "nowhere", built in or added with `tutti data add` (HTTP 404)',
  );
  expect(() => rememberTask({ ...card("mr").task, classes: ["a", "b"] })).toThrow("mr is a built-in task");
});

test("a public folder's cards are remembered; a folder without one, and built-in tasks, stay what they are", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-cards-"));
  for (const name of ["zebra", "mr", "plain", "half.unfinished"]) {
    await mkdir(join(folder, "datasets", name), { recursive: true });
    if (name !== "plain") await writeFile(join(folder, "datasets", name, "dataset.json"), JSON.stringify(card(name)));
  }
  expect((await readDatasetCards(join(folder, "datasets"))).map(({ task }) => task.name)).toEqual(["mr", "zebra"]);
  expect(await readDatasetCards(join(folder, "none"))).toEqual([]);
  await rememberDatasets(folder);
  expect(findTask("zebra").title).toBe("Tickets");
  expect(findTask("mr").title).toContain("film reviews");
  await rm(folder, { recursive: true });
});

test("a task's folder is its name up to the slash", () => {
  for (const { name, dataset } of tasks) expect(datasetFolder(name)).toBe(dataset);
  expect(datasetFolder("feedback/topic")).toBe("feedback");
});
