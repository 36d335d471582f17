import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseExperiment } from "../experiment/experimentFile.ts";
import { layOut } from "./layOut.ts";
import { listRuns } from "./list.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const given = { title: "A", question: "B?", tasks: ["subj", "qnli"], seeds: [7], methods: ["attempt", "lora"] };
const pathOf = (source: string) => `prompts/minuet/${source}-16.json`;

async function train(source: string, text: string): Promise<void> {
  const path = join(folder.path, pathOf(source));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Ids by method and task. */
async function ids(): Promise<Record<string, string>> {
  const { plan } = await layOut(parseExperiment(given, "mine.yaml"), folder.path);
  return Object.fromEntries(plan.finalRuns(new Map()).map(({ id, method, task }) => [`${method} ${task}`, id]));
}

test("a source prompt that is trained again makes other runs of ATTEMPT where it is mixed in, and of nothing else", async () => {
  for (const source of ["ag_news", "qnli", "boolq"]) await train(source, `${source} of 1000 steps`);
  const before = await ids();
  expect(await ids()).toEqual(before);
  await train("qnli", "qnli of 3000 steps");
  const after = await ids();
  expect(after).toEqual({ ...before, "attempt subj": expect.stringMatching(/^[0-9a-f]{16}$/) });
  expect(after["attempt subj"]).not.toBe(before["attempt subj"]);
  await train("qnli", "qnli of 1000 steps");
  expect(await ids()).toEqual(before);
});

test("sources that are not trained yet are named, and the ids that follow from them are others", async () => {
  const missing = async () => (await layOut(parseExperiment(given, "mine.yaml"), folder.path)).missingSources;
  await train("ag_news", "a");
  await train("boolq", "b");
  expect(await missing()).toEqual([pathOf("qnli")]);
  const before = await ids();
  await train("qnli", "q");
  expect(await missing()).toEqual([]);
  const after = await ids();
  expect(after["attempt subj"]).not.toBe(before["attempt subj"]);
  expect(after).toEqual({ ...before, "attempt subj": after["attempt subj"] });
});

test("a list shows no id where a source prompt decides it that is not trained yet", async () => {
  const file = join(folder.path, "mine.yaml");
  await writeFile(file, JSON.stringify(given));
  const list = () => listRuns(file, folder.path);
  for (const source of ["ag_news", "qnli", "boolq"]) await train(source, source);
  const known = await ids();
  expect((await list()).split("\n")[0]).toBe(`${known["attempt subj"]}  ATTEMPT · subj · seed 7`);
  await rm(join(folder.path, pathOf("qnli")));
  expect((await list()).split("\n")).toEqual([
    "not known yet     ATTEMPT · subj · seed 7",
    `${known["lora subj"]}  LoRA · subj · seed 7`,
    `${known["attempt qnli"]}  ATTEMPT · qnli · seed 7`,
    `${known["lora qnli"]}  LoRA · qnli · seed 7`,
    "An id that is not known yet follows from source prompts to be trained: prompts/minuet/qnli-16.json",
    "4 runs",
  ]);
});
