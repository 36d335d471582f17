import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { readExperiment } from "./experimentFile.ts";
import { allRuns, planExperiment } from "./runPlan.ts";

const repository = fileURLToPath(new URL("../../../..", import.meta.url));
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder with the example of a strategy, as somebody has it who installed the packages there. */
function exampleFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tutti-module-"));
  folders.push(folder);
  cpSync(join(repository, "examples/strategies"), folder, { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(repository, "node_modules/@tutti"), join(folder, "node_modules/@tutti"));
  return folder;
}

const module = "./trimmedMean.ts";
const least = { title: "A", question: "B?", tasks: ["feedback/topic"], seeds: [1], methods: ["settings"] };

async function runsOf(folder: string, change: object) {
  const file = join(folder, "mine.json");
  writeFileSync(file, JSON.stringify({ ...least, ...change }));
  return allRuns(planExperiment((await readExperiment(file)).experiment));
}

test("a strategy from a module is named by the settings, a method or its set, and an axis changes its settings", async () => {
  const folder = exampleFolder();
  const grid = { trim: { path: "strategy.trim", values: [0.1, 0.3], methods: ["settings"] } };
  const methods = ["pTuningV2", { module }, { module, title: "Trimmed more", set: { "strategy.trim": 0.4, "training.localEpochs": 1 } }];
  const runs = await runsOf(folder, { methods });
  expect(runs.map(({ method, settings: { strategy, training } }) => ({ method, strategy, epochs: training.localEpochs }))).toMatchObject([
    { method: "pTuningV2", strategy: { name: "fedAvg" }, epochs: 2 },
    { method: "settings", strategy: { name: "module", module, title: "Trimmed mean", trim: 0.2 }, epochs: 2 },
    { method: "settings", strategy: { name: "module", module, trim: 0.4 }, epochs: 1 },
  ]);
  expect(runs.map(({ methodTitle }) => methodTitle)).toEqual([
    "P-tuning v2",
    expect.stringMatching(/^Trimmed mean \(trimmedMean\.ts, SHA-256 [0-9a-f]{12}\)$/),
    expect.stringMatching(/^Trimmed more \(trimmedMean\.ts, SHA-256 [0-9a-f]{12}\)$/),
  ]);
  const inSettings = await runsOf(folder, { settings: { strategy: { module, trim: 0.3 } }, grid });
  expect(inSettings.map(({ settings: { strategy } }) => strategy)).toMatchObject([{ trim: 0.1 }, { trim: 0.3 }]);
  expect(inSettings[0]?.methodTitle).toMatch(/^Trimmed mean \(trimmedMean\.ts/);
  const inSet = await runsOf(folder, { methods: [{ name: "settings", set: { strategy: { module, trim: 0.3 } } }] });
  expect(inSet.map(({ settings: { strategy } }) => strategy)).toMatchObject([{ name: "module", trim: 0.3 }]);
});

test("runs have the ids of their code: the same in another folder, another one after an edit", async () => {
  const [first, second, edited] = [exampleFolder(), exampleFolder(), exampleFolder()];
  appendFileSync(join(edited, "mean.ts"), "// a remark\n");
  const methods = [{ module }, "pTuningV2"];
  const ids = await Promise.all([first, second, edited].map(async (folder) => (await runsOf(folder, { methods })).map(({ id }) => id)));
  expect(ids[1]).toEqual(ids[0]);
  expect(ids[2]?.[0]).not.toBe(ids[0]?.[0]);
  expect(ids[2]?.[1]).toBe(ids[0]?.[1]);
});

test("what is wrong with a module's settings is told with the part of the file, before anything starts", async () => {
  const folder = exampleFolder();
  await expect(runsOf(folder, { methods: [{ name: "settings", set: { strategy: { module, trim: 1 } } }] })).rejects.toThrow(
    "methods.0.set.strategy.trim: found 1, expected a number from 0 to 0.49",
  );
  await expect(runsOf(folder, { methods: [{ module, set: { "strategy.trim": 0.7 } }] })).rejects.toThrow(
    /methods\.0\.set: strategy\.trim: found 0\.7; .*0\.49/,
  );
  await expect(runsOf(folder, { methods: [{ module: "./none.ts" }] })).rejects.toThrow(/none\.ts is not a file/);
});
