import { appendFileSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom, createStrategy, createTensor, isModule, presets, type RunSettings, strategyTitle } from "@tutti/core";
import { runInfoSchema, runSettingsSchema } from "@tutti/protocol";
import { afterEach, expect, test } from "vitest";
import { parseConfig } from "../config.ts";
import { openStore } from "../journal/openStore.ts";
import { readRun } from "../journal/readRun.ts";
import { deriveRunId } from "../runFolder.ts";
import { mergeSettings, type Overrides } from "../settings.ts";
import { createScene } from "../testing/scene.ts";
import { temporaryFolder } from "../testing/startTest.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";
import { loadModule } from "./loadModule.ts";
import { readWithModules } from "./withModules.ts";

const repository = fileURLToPath(new URL("../../../..", import.meta.url));
const scene = createScene();
const folders: { remove(): void }[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

/** A folder of its own with the example in it, as somebody has it who installed the packages there. */
function exampleFolder(): string {
  const folder = temporaryFolder();
  folders.push(folder);
  cpSync(join(repository, "examples/strategies"), folder.path, { recursive: true });
  mkdirSync(join(folder.path, "node_modules"));
  symlinkSync(join(repository, "node_modules/@tutti"), join(folder.path, "node_modules/@tutti"));
  return folder.path;
}

/** A settings file as a run has it. */
async function runOf(path: string, changes: Partial<RunSettings> = {}): Promise<RunSettings> {
  const { strategy } = mergeSettings({ presets, preset: "demo", file: await readWithModules(path), name: path }).run;
  return tinyFedAvg({ strategy, numRounds: 2, evaluateEvery: 2, ...changes });
}

/** The settings file of a folder with this strategy. */
function settingsFile(folder: string, strategy: Overrides): string {
  const path = join(folder, "mine.json");
  writeFileSync(path, JSON.stringify({ run: { strategy } }));
  return path;
}

const exampleRun = (folder: string) => runOf(join(folder, "trimmed.yaml"));

test("the example runs to its end with real messages, and its result names it by title, file and SHA-256", async () => {
  const run = await exampleRun(exampleFolder());
  const { strategy } = run;
  expect(strategy).toEqual({
    name: "module",
    module: "./trimmedMean.ts",
    title: "Trimmed mean",
    trim: 0.25,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const coordinator = await scene.start(run, { expectedClients: 2 });
  for (const name of ["a", "b"]) scene.join(coordinator, name);
  const outcome = await coordinator.whenDone();
  expect(outcome.summary).toMatchObject({ isDone: true, round: 2 });
  expect(outcome.steps.map(({ kind }) => kind)).toEqual(["train", "train", "evaluate"]);
  expect(Object.keys(outcome.globalParams)).toContain("prefix/0");
  const told = isModule(strategy) ? strategy.sha256.slice(0, 12) : "";
  expect(strategyTitle(outcome.run.strategy)).toBe(`Trimmed mean (trimmedMean.ts, SHA-256 ${told})`);
});

test("the example's server leaves out the largest and the smallest change of each value", async () => {
  const run = await runOf(join(exampleFolder(), "trimmed.yaml"), { numDevices: 4, minDevices: 4, cohortSize: 4, paramsEncoding: "f32" });
  const strategy = createStrategy(run);
  const tensor = (...values: number[]) => ({ w: createTensor([values.length], Float32Array.from(values), "w") });
  const state = strategy.init(run, { numLayers: 1, layerNames: [["w"]], alwaysShared: [] }, tensor(1, -2));
  const roster = [0, 1, 2, 3].map((id) => ({ id, numExamples: 5 + id, isConnected: true }));
  const plan = strategy.plan(state, roster, createRandom(1), 1);
  if (!("tasks" in plan)) throw new Error("expected a plan");
  const deltas = [tensor(4, 0.5), tensor(-32, 1), tensor(2, 64), tensor(8, -8)];
  const contributions = deltas.map((delta, deviceId) => ({
    deviceId,
    numExamples: 5 + deviceId,
    body: { kind: "train", delta, numSteps: 2, firstLoss: 1, lastLoss: 1 } as const,
  }));
  const next = strategy.aggregate(state, plan, contributions);
  // without −32 and 8: (4 + 2) / 2 = 3; without 64 and −8: (0.5 + 1) / 2 = 0.75
  expect([...(strategy.globalParams(next).w?.data ?? [])]).toEqual([1 + 3, -2 + 0.75]);
});

test("a run goes on with the same code only: an edited import refuses to resume, with both hashes", async () => {
  const [first, second] = [exampleFolder(), exampleFolder()];
  const run = await exampleRun(first);
  const dataDir = scene.folder();
  const options = { runId: "kept", dataDir };
  const store = async () => (await openStore(join(dataDir, "kept"), "journal")).store;
  mkdirSync(join(dataDir, "kept"));
  const begun = await scene.start(run, options, { store: await store() });
  scene.join(begun, "a");
  await begun.when("closed");
  await begun.close();
  appendFileSync(join(second, "mean.ts"), "// a remark\n");
  const edited = await exampleRun(second);
  expect(deriveRunId(edited)).toBe(deriveRunId(run));
  const [before, now] = [run, edited].map(({ strategy }) => (isModule(strategy) ? strategy.sha256.slice(0, 12) : ""));
  expect(before).not.toBe(now);
  await expect(scene.start(edited, options, { store: await store() })).rejects.toThrow(
    new RegExp(`begun with ./trimmedMean.ts of SHA-256 ${before}, .* it is ${now} now; put the earlier code back`),
  );
  const resumed = await scene.start(await exampleRun(exampleFolder()), options, { store: await store() });
  scene.join(resumed, "a");
  expect((await resumed.whenDone()).summary.isDone).toBe(true);
});

test("an error of the module names it and stops the run, and the journal stays whole", async () => {
  const folder = exampleFolder();
  writeFileSync(join(folder, "mean.ts"), 'export function trimmedMean(): number {\n  throw new Error("no values");\n}\n');
  const run = await exampleRun(folder);
  const dataDir = scene.folder();
  mkdirSync(join(dataDir, "broken"));
  const start = async () =>
    scene.start(run, { runId: "broken", dataDir }, { store: (await openStore(join(dataDir, "broken"), "journal")).store });
  const coordinator = await start();
  scene.join(coordinator, "a");
  await expect(coordinator.whenDone()).rejects.toThrow("strategy module ./trimmedMean.ts: aggregate: no values");
  expect(coordinator.status()).toMatchObject({ phase: "failed", message: "strategy module ./trimmedMean.ts: aggregate: no values" });
  await coordinator.close();
  expect(await readRun(dataDir, "broken")).toMatchObject({ run: { strategy: run.strategy }, summary: { round: 1, isDone: false } });
  const again = await start();
  await expect(again.whenDone()).rejects.toThrow("aggregate: no values");
});

test("nothing that arrives over HTTP or in a message makes a coordinator load a module", async () => {
  const folder = exampleFolder();
  const [module, proof] = [join(folder, "evil.mjs"), join(folder, "was-run")];
  writeFileSync(module, `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(proof)}, "");\n`);
  const run = tinyFedAvg();
  const coordinator = await scene.start(run);
  const strategy = { module };
  const body = JSON.stringify({ run: { ...run, strategy }, strategy, settings: { strategy } });
  const authorization = `Bearer ${coordinator.controlToken}`;
  const headers = { "content-type": "application/json", authorization };
  for (const path of ["/run.json", "/control/begin", "/control/settings", "/"]) {
    for (const method of ["POST", "PUT", "PATCH"]) await fetch(`${coordinator.url}${path}`, { method, headers, body });
  }
  const told = runInfoSchema.parse(await (await fetch(`${coordinator.url}/run.json`)).json());
  expect(told.run).toEqual(run);
  for (const given of [strategy, { ...strategy, name: "module" }]) {
    expect(runSettingsSchema.safeParse({ ...run, strategy: given }).success).toBe(false);
    expect(() => parseConfig({ run: { ...run, strategy: given } })).toThrow("the configuration was refused");
  }
  // whole, as a hub's file of prompts or another coordinator may give it: data without code
  const whole = runSettingsSchema.parse({ ...run, strategy: { ...strategy, name: "module", title: "Evil", sha256: "0".repeat(64) } });
  await expect(scene.start(whole, { runId: "other" })).rejects.toThrow(
    "is not loaded here: start the run with the settings file that names it",
  );
  expect(existsSync(proof)).toBe(false);
  await expect(loadModule(module)).rejects.toThrow("expected one export that declareStrategy");
  expect(existsSync(proof)).toBe(true); // it is harmful enough
});

test("a module's settings are held against its schema, and refused in the words of every other setting", async () => {
  const folder = exampleFolder();
  await expect(readWithModules(settingsFile(folder, { module: "./trimmedMean.ts", trim: 0.7, trin: 1 }))).rejects.toThrow(
    /run\.strategy\.trim: found 0\.7, expected a number from 0 to 0\.49\n.*run\.strategy\.trin: there is no setting of this name/,
  );
  const run = await runOf(settingsFile(folder, { module: "./trimmedMean.ts" }));
  expect(run.strategy).toMatchObject({ trim: 0.2 });
  const other = runSettingsSchema.safeParse({ ...run, strategy: { ...run.strategy, trim: 0.7 } });
  expect(other.error?.issues).toMatchObject([{ path: ["strategy", "trim"] }]);
});

test("what is wrong with a module is said with its file", async () => {
  const folder = exampleFolder();
  const refusal = (text: string, name = "mine.mjs") => {
    writeFileSync(join(folder, name), text);
    return readWithModules(settingsFile(folder, { module: `./${name}` })).then(
      () => "",
      (error: Error) => error.message,
    );
  };
  expect(await readWithModules(settingsFile(folder, { module: "./none.ts" })).catch((error: Error) => error.message)).toMatch(
    /none\.ts is not a file: expected a strategy's module/,
  );
  expect(await refusal("export const a = 1;\nexport const b = 2;\n", "a.mjs")).toMatch(
    /a\.mjs: found the exports a, b, expected one export/,
  );
  expect(await refusal("export const a = { schedule() { return []; }, title: 1 };\n", "b.mjs")).toMatch(
    /b\.mjs: found a strategy without name, title, settings, rules, init, plan/,
  );
  expect(await refusal("export const a = ;\n", "c.mjs")).toMatch(/c\.mjs cannot be imported/);
  const pinned = settingsFile(folder, { module: "./trimmedMean.ts", sha256: "0".repeat(64) });
  await expect(readWithModules(pinned)).rejects.toThrow(/run\.strategy\.sha256: \.\/trimmedMean\.ts has the SHA-256 [0-9a-f]{64}/);
});

test("a process that has read a file does not take its edited text for the code that it runs", async () => {
  const folder = exampleFolder();
  await exampleRun(folder);
  appendFileSync(join(folder, "mean.ts"), "// a remark\n");
  await expect(exampleRun(folder)).rejects.toThrow(/mean\.ts has changed since this process read it: start the command again/);
});
