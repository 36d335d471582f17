import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  classificationTasks,
  type Dataset,
  findClassification,
  knownOverlaps,
  loadDataset,
  type Overlap,
  sharedText,
  taskSources,
  textIndex,
} from "@tutti/data";
import { choosePrompt, createTokenizer } from "@tutti/model";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { addData } from "./add.ts";

const project = fileURLToPath(new URL("../../../..", import.meta.url));
const shared = join(project, "../shared/datasets/tasks");
const names = Object.keys(taskSources);

/** Rows of train, validation where the set brings one, and test; the training rows left when none is held out of them. */
const numRows: Readonly<Record<string, readonly [number, number | null, number]>> = {
  sst2: [67_349, 872, 1821],
  mr: [7662, 1000, 2000],
  subj: [7000, 1000, 2000],
  trec: [4952, 500, 500],
  mpqa: [7606, 997, 2000],
  cola: [8551, null, 1043],
  mrpc: [3668, null, 408],
  rte: [2490, null, 277],
  qnli: [10_293, null, 5463],
  boolq: [2000, null, 3270],
  ag_news: [4000, 1000, 1000],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-tasks-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function loaded(name: string): Promise<Dataset> {
  const definition = findClassification(name, "this test");
  const root = name.startsWith("feedback/") ? join(project, "public/datasets") : folder;
  return loadDataset(definition, (file) => readFile(join(root, definition.dataset, file), "utf8"));
}

test("every built-in task loads its real rows, with the counts and labels that they are known to have", {
  timeout: 120_000,
}, async (context) => {
  if ((await stat(shared).catch(() => null)) === null) return context.skip("skipped: no ../shared");
  const datasets = new Map<string, Dataset>();
  const spy = vi.spyOn(console, "log").mockReturnValue(undefined);
  for (const name of names) await addData(join(shared, name), { name, datasets: folder, downloads: folder });
  spy.mockRestore();
  for (const { name, classes, fields } of classificationTasks) {
    const dataset = await loaded(name);
    datasets.set(name, dataset);
    const [train, validation, held] = numRows[name] ?? [1056, 96, 288];
    const heldOut = validation ?? Math.floor(train / 10);
    const found = [dataset.train.length, dataset.validation.length, dataset.test.length];
    expect(found, name).toEqual([validation === null ? train - heldOut : train, heldOut, held]);
    for (const split of [dataset.train, dataset.test]) {
      expect(new Set(split.map(({ label }) => label)), name).toEqual(new Set(classes.keys()));
      expect(
        split.every(({ textB }) => (textB !== undefined) === (fields.textB !== null)),
        name,
      ).toBe(true);
    }
  }
  expectKnownOverlaps(datasets);
});

function expectKnownOverlaps(datasets: ReadonlyMap<string, Dataset>): void {
  const found: Overlap[] = [];
  for (const train of names) {
    const { train: rows = [], validation = [] } = datasets.get(train) ?? {};
    const index = textIndex(findClassification(train, "this test").files.validation === null ? [...rows, ...validation] : rows);
    for (const test of names) {
      const counts = sharedText(index, datasets.get(test)?.test ?? []);
      if (counts.numShared > 0) found.push({ train, test, ...counts });
    }
  }
  const inOrder = (overlaps: readonly Overlap[]) => overlaps.map((overlap) => JSON.stringify(overlap)).sort();
  expect(inOrder(found)).toEqual(inOrder(knownOverlaps));
  const exact = new Set(datasets.get("sst2")?.train.map(({ text }) => text));
  expect(datasets.get("mr")?.test.filter(({ text }) => exact.has(text))).toHaveLength(614);
}

test("minuet has the label words of every task as single tokens", async () => {
  const read = (file: string) => readFile(join(project, "public/backbones/minuet", file), "utf8");
  const tokenizer = createTokenizer(await read("tokenizer.json"), await read("tokenizer_config.json"));
  const chosen = Object.fromEntries(classificationTasks.map(({ name, prompts }) => [name, choosePrompt(tokenizer, prompts).labelWords]));
  expect(chosen).toMatchObject({
    sst2: ["terrible", "great"],
    cola: ["wrong", "right"],
    subj: ["opinion", "fact"],
    trec: ["Expression", "Description", "thing", "Human", "Location", "Number"],
    qnli: ["No", "Yes"],
    ag_news: ["World", "Sports", "Business", "Technology"],
  });
});
