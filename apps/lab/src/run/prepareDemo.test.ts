import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeReplies, writeTextPublic } from "../testing/textPublic.ts";
import { writeTickets } from "../testing/tickets.ts";
import { writeTinyPublic } from "../testing/tinyPublic.ts";
import { prepareDemo } from "./prepareDemo.ts";

const folder = temporaryFolder();
const publicDir = join(folder.path, "public");
const runsFolder = join(folder.path, "runs");
const prepare = (wanted: object) => prepareDemo({ public: publicDir, runsFolder, backbone: "tiny", ...wanted });

beforeAll(() => writeTinyPublic(publicDir));
afterAll(() => folder.remove());

test("a demo on any backbone and task has its settings, its name and its share of the cores before a browser is looked for", async () => {
  const { config, controls } = await prepare({ task: "sentiment", backend: "wasm", tabs: 3, devices: 2, threads: 2 });
  expect(config).toMatchObject({ numTabs: 2, backend: "wasm", backendReason: "wasm, as asked", threads: 2, port: 0 });
  expect(config).not.toHaveProperty("kernels");
  expect(config.runId).toMatch(/^\d{8}-\d{6}-sentiment$/);
  expect(config.run).toMatchObject({ task: "feedback/sentiment", backbone: "tiny", numDevices: 2, cohortSize: 2 });
  // 24 test rows of writeTinyPublic
  expect(controls.majority?.numExamples).toBe(24);
});

test("what is not there is told with what is: tasks, backbones, and the command that gets a data set", async () => {
  await expect(prepare({ task: "weather" })).rejects.toThrow(/there is no task "weather"; the tasks are .*feedback\/topic/);
  await expect(prepare({ backbone: "etude" })).rejects.toThrow(`${publicDir}/backbones has no backbone "etude"; its backbones are tiny`);
  await expect(prepare({ task: "subj" })).rejects.toThrow("the data set subj; get it with `tutti data add subj`");
});

test("a task that is answered with text gets a backbone that can, and an encoder is refused with a sentence", async () => {
  const textDir = join(folder.path, "texts");
  await writeTextPublic(textDir);
  const { config, controls } = await prepareDemo({ public: textDir, runsFolder, task: "replies" });
  expect(config.run).toMatchObject({ task: "replies", backbone: "etude", tuning: { method: "prefix", head: "labelWords" } });
  expect(config.runId).toMatch(/-replies$/);
  expect(controls.majority).toBeNull();
  await writeReplies(publicDir);
  await expect(prepare({ task: "replies", backbone: "tiny" })).rejects.toThrow(
    /^these runs do not go with their task:\n {2}task: replies is answered with text, and backbone tiny \(roberta\) reads the whole text at once and cannot continue it; choose a gpt2 or llama backbone$/,
  );
});

test("a task that somebody added to the public folder is one like any other", async () => {
  await writeTickets(join(publicDir, "datasets/tickets"));
  const { config } = await prepare({ task: "tickets" });
  expect(config.run.task).toBe("tickets");
  expect(config.runId).toMatch(/-tickets$/);
});

test("a resumed demo has the settings that it was begun with, also those of an older version", async () => {
  const { config } = await prepare({ devices: 3 });
  const runFolder = join(runsFolder, "before");
  await mkdir(runFolder, { recursive: true });
  await writeFile(join(runFolder, "config.json"), JSON.stringify({ ...config, runId: "before", port: 4321 }));
  const resumed = await prepareDemo({ public: publicDir, runsFolder, resumeRunId: "before" });
  expect(resumed.config).toEqual({ ...config, runId: "before", port: 4321 });
  expect(existsSync(join(runFolder, "tabs"))).toBe(false);
  await expect(prepareDemo({ public: publicDir, runsFolder, resumeRunId: "never" })).rejects.toThrow("there is no run never to resume");
});
