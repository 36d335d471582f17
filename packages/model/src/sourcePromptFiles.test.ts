import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeSourcePrompt } from "./sourcePromptFiles.ts";
import type { SourcePrompt } from "./tuning/sourcePrompts.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutti-source-prompts-"));
});
afterEach(() => rm(folder, { recursive: true }));

const prompt: SourcePrompt = {
  formatVersion: 1,
  name: "moods",
  backbone: "minuet",
  task: "moods",
  numExamples: 10,
  numSteps: 3,
  learningRate: 0.5,
  seed: 1,
  shape: [2, 3],
  values: [0.25, -1, 2, 3, 0.5, 7],
};

test("what cannot be read back or written leaves the source prompt of that name byte for byte", async () => {
  const path = await writeSourcePrompt(folder, prompt);
  const before = await readFile(path);
  const full = async () => Promise.reject(Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" }));
  const broken: [SourcePrompt, string | RegExp][] = [
    [{ ...prompt, values: [Number.NaN, 1, 2, 3, 4, 5] }, /source prompt .*moods-2\.json: values\.0 does not fit/],
    [{ ...prompt, values: [1, 2, 3] }, "shape [2,3] needs 6 values, found 3"],
    [{ ...prompt, numSteps: 0 }, "numSteps"],
  ];
  for (const [one, message] of broken) await expect(writeSourcePrompt(folder, one)).rejects.toThrow(message);
  const changed = { ...prompt, values: prompt.values.map((value) => value + 1) };
  await expect(writeSourcePrompt(folder, changed, full)).rejects.toThrow(
    /moods-2\.json could not be written; the earlier file is unchanged$/,
  );
  expect(await readFile(path)).toEqual(before);
  expect(await readdir(join(path, ".."))).toEqual(["moods-2.json"]);
});

test("a rename that fails leaves nothing beside what was there", async () => {
  const inTheWay = join(folder, "prompts/minuet/moods-2.json/kept");
  await mkdir(inTheWay, { recursive: true });
  await expect(writeSourcePrompt(folder, prompt)).rejects.toThrow("could not be written");
  expect(await readdir(join(folder, "prompts/minuet"))).toEqual(["moods-2.json"]);
  expect(await readdir(join(inTheWay, ".."))).toEqual(["kept"]);
});
