import { readFileSync } from "node:fs";
import { join } from "node:path";
import { presets } from "@tutti/core";
import { valueAt } from "@tutti/protocol";
import { projectFolder } from "@tutti/server/checkout";
import { expect, test } from "vitest";
import { parse } from "yaml";

const page = readFileSync(join(projectFolder, "docs/lab.md"), "utf8");

/** The rows of the table of settings: the dotted path and what stands beside it. */
function settingRows(): (readonly [path: string, value: unknown])[] {
  const [, table = ""] = /\| setting \| default \| \|\n\|---\|---\|---\|\n((?:\|.*\n)+)/.exec(page) ?? [];
  return [...table.matchAll(/^\| `([^`]+)` \| `([^`]+)` \|/gm)].map(([, path = "", value = ""]) => [path, parse(value)]);
}

test("the settings on the page of the lab are those of the default preset", () => {
  const rows = settingRows();
  expect(rows.map(([path]) => path)).toEqual([
    "numDevices",
    "cohortSize",
    "numRounds",
    "evaluateEvery",
    "training.localEpochs",
    "training.batchSize",
    "training.clientLearningRate",
    "partition",
    "tuning.promptTokens",
    "strategy.*",
  ]);
  for (const [path, value] of rows) {
    const found = path.replace(/\.\*$/, "").split(".").reduce<unknown>(valueAt, presets.default);
    if (path.endsWith(".*")) expect(found, path).toMatchObject(Object(value));
    else expect(found, path).toEqual(value);
  }
});
