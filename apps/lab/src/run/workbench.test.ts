import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sourcePromptPath } from "@tutti/core";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeTinyPublic } from "../testing/tinyPublic.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const folder = temporaryFolder();
let workbench: Workbench;
beforeAll(async () => {
  await writeTinyPublic(folder.path);
  workbench = openWorkbench(folder.path);
});
afterAll(() => {
  workbench.close();
  folder.remove();
});

test("the lab trains a source prompt as `tutti prompt train` does without options", async () => {
  const [source, backbone, promptTokens] = ["feedback/topic", "tiny", 2];
  await workbench.do("sourcePrompt", { source, backbone, promptTokens, targets: [] });
  const { shape, values, validation, ...record } = JSON.parse(
    await readFile(join(folder.path, sourcePromptPath(backbone, source, promptTokens)), "utf8"),
  );
  expect(record).toEqual({
    formatVersion: 1,
    name: source,
    backbone,
    task: source,
    head: "linear",
    numExamples: 48,

    numSteps: 1000,
    batchSize: 8,
    learningRate: 0.01,
    seed: 42,
  });
  expect(validation).toMatchObject({ numExamples: 8 });
  expect(shape).toEqual([2, 32]);
  expect(values).toHaveLength(64);
});
