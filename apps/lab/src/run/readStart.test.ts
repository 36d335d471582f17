import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mapParams, presets, type RunSettings } from "@tutti/core";
import { writePromptsFile } from "@tutti/model";
import { readBackboneSizes, tunedParameters } from "@tutti/server";
import { publicFolder } from "@tutti/server/checkout";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterEach, expect, test } from "vitest";
import { parseExperiment } from "../experiment/experimentFile.ts";
import { layOut } from "./layOut.ts";
import { prepareDemo } from "./prepareDemo.ts";

let folder = temporaryFolder();
afterEach(() => {
  folder.remove();
  folder = temporaryFolder();
});

/** A file of prompts for the demo's settings, each value `factor` times what a run would draw. */
async function promptsFile(factor: number, settings: RunSettings = presets.demo): Promise<string> {
  const { initial } = tunedParameters(settings, readBackboneSizes(publicFolder(), settings.backbone), 4);
  const params = mapParams(initial, ({ shape, data }) => ({ shape, data: data.map((value) => factor * value) }));
  const path = join(folder.path, "prompts.safetensors");
  await writeFile(path, writePromptsFile({ runId: "earlier", settings, params }));
  return path;
}

const given = { title: "A", question: "B?", base: "demo", tasks: ["feedback/topic"], seeds: [7, 8], methods: ["pTuningV2", "fedProx"] };
const plan = async (more: object) => (await layOut(parseExperiment({ ...given, ...more }, "mine.yaml"), publicFolder())).plan;
const idsOf = async (more: object) => (await plan(more)).finalRuns(new Map()).map(({ id }) => id);

test("all runs of an experiment start from the tuned parameters that its file names, and other values make other runs", async () => {
  const startFrom = await promptsFile(0.5);
  expect((await plan({ startFrom })).finalRuns(new Map()).map((run) => run.startFrom)).toEqual(Array(4).fill(startFrom));
  const [first, drawn] = [await idsOf({ startFrom }), await idsOf({})];
  expect(await idsOf({ startFrom })).toEqual(first);
  await promptsFile(0.25);
  const second = await idsOf({ startFrom });
  expect(new Set([...first, ...second, ...drawn]).size).toBe(12);
});

test("an experiment names every kind of run that cannot start from there", async () => {
  const startFrom = await promptsFile(0.5);
  await expect(plan({ startFrom, methods: ["pTuningV2", "lora"] })).rejects.toThrow(
    `the experiment cannot start:\n  startFrom: ${startFrom} does not fit the run: tuning.method is prefix, the run has lora`,
  );
  await expect(plan({ startFrom: "nowhere" })).rejects.toThrow("startFrom: nowhere is not there: expected a prompts.safetensors,");
});

test("a demo that cannot start from what it is given says so before anything is opened, and one that can keeps where", async () => {
  const startFrom = await promptsFile(0.5);
  const options = { runsFolder: join(folder.path, "runs"), startFrom };
  expect((await prepareDemo(options)).config.startFrom).toBe(startFrom);
  await promptsFile(0.5, { ...presets.demo, tuning: { ...presets.demo.tuning, promptTokens: 3 } as RunSettings["tuning"] });
  await expect(prepareDemo(options)).rejects.toThrow(
    `--start-from: ${startFrom} does not fit the run: tuning.promptTokens is 3, the run has 16; change the run's settings, or start from other parameters`,
  );
});
