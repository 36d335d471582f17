import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { methods, presets } from "@tutti/core";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, expect, test } from "vitest";
import { describeSources } from "./sourcePrompts.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const attempt = (sources: readonly string[], promptTokens = 2) => {
  const settings = methods.attempt.settings(presets.demo);
  if (settings.tuning.method !== "attempt") throw new Error("this is not ATTEMPT");
  return { settings: { ...settings, backbone: "minuet", tuning: { ...settings.tuning, sources, promptTokens } } };
};

test("the source prompts of all runs are described once each, and what is gone or not used is left out", async () => {
  const prompt = (name: string) => ({
    formatVersion: 1,
    name,
    backbone: "minuet",
    task: name,
    numExamples: 40,
    numSteps: 30,
    learningRate: 0.02,
    seed: 5,

    shape: [2, 3],
    values: [1, 2, 3, 4, 5, 6],
  });
  const validation = { numExamples: 11, before: 0.4, after: 0.7 };
  const qnli = `${JSON.stringify({ ...prompt("qnli"), validation })}\n`;
  await mkdir(join(folder.path, "prompts/minuet"), { recursive: true });
  await writeFile(join(folder.path, "prompts/minuet/qnli-2.json"), qnli);
  await writeFile(join(folder.path, "prompts/minuet/boolq-2.json"), JSON.stringify(prompt("boolq")));
  await writeFile(join(folder.path, "prompts/minuet/trec-2.json"), JSON.stringify(prompt("trec")));
  const lora = { settings: methods.lora.settings(presets.demo) };
  const found = await describeSources(folder.path, [lora, attempt(["qnli", "gone"]), attempt(["boolq", "qnli"]), attempt(["qnli"], 3)]);
  expect(found).toEqual([
    {
      name: "qnli",
      backbone: "minuet",
      tokens: 2,
      task: "qnli",
      numExamples: 40,
      numSteps: 30,
      learningRate: 0.02,
      validation,
      sha256: createHash("sha256").update(qnli).digest("hex"),
    },
    expect.objectContaining({ name: "boolq", validation: null }),
  ]);
});

test("a file that is no source prompt is an error that names it", async () => {
  await writeFile(join(folder.path, "prompts/minuet/mr-2.json"), "{}");
  await expect(describeSources(folder.path, [attempt(["mr"])])).rejects.toThrow("prompts/minuet/mr-2.json");
});
