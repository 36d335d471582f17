import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { presets } from "@tutti/core";
import { simulatedRun } from "@tutti/record/testing";
import { expect, test, vi } from "vitest";
import { createProgram } from "../program.ts";

const result = (name: string, clientLearningRate: number, correct: string) => {
  const score = [...correct].filter((answer) => answer === "1").length / correct.length;
  const training = { ...presets.demo.training, clientLearningRate };
  const runs = [1, 2, 3].map((seed) => {
    const run = simulatedRun({ method: "lora", task: "subj", seed });
    const final = { global: { score, accuracy: score, macroF1: score, loss: 1 } };
    return { ...run, settings: { ...presets.demo, task: "subj", training }, correct, final };
  });
  return { name, title: name, runs };
};

async function compared(...extra: string[]): Promise<{ text: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-lab-"));
  for (const [name, rate, right] of [
    ["a", 0.01, 120],
    ["b", 0.03, 180],
  ] as const) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "results.json"), JSON.stringify(result(name, rate, "1".repeat(right).padEnd(300, "0"))));
  }
  const said: unknown[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((text) => said.push(text));
  try {
    const options = extra.map((option) => option.replace("FOLDER", folder));
    await createProgram().parseAsync(["lab", "compare", join(folder, "a"), join(folder, "b"), ...options], { from: "user" });
  } finally {
    log.mockRestore();
  }
  return { text: said.join("\n"), folder };
}

test("two experiments are compared, and the comparison is written where asked", async () => {
  const { text, folder } = await compared("--json", "FOLDER/difference.json");
  expect(text).toMatch(/training\.clientLearningRate +0\.01 +0\.03/);
  expect(text).toMatch(/subj +LoRA +global +0\.400 +0\.600 +\+0\.200 .* second is better +of 300 texts/);
  const written: unknown = JSON.parse(await readFile(join(folder, "difference.json"), "utf8"));
  expect(written).toMatchObject({ first: "a", second: "b", cells: [{ task: "subj", paired: { isTie: false } }] });
  await rm(folder, { recursive: true });
});

test("a folder without a result is an error that says what to give", async () => {
  await expect(createProgram().parseAsync(["lab", "compare", "/nowhere", "/nowhere"], { from: "user" })).rejects.toThrow("give the folder");
});
