import { spawnSync } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { presets } from "@tutti/core";
import { mergeSettings } from "@tutti/server";
import { expect, test } from "vitest";
import { settingsOf } from "./serve.ts";

test("flags become the names of a settings file, and what was not given stays out", () => {
  expect(settingsOf({ port: 0, seed: 7, rounds: 3, out: "elsewhere", public: "shared" })).toEqual({
    port: 0,
    dataDir: "elsewhere",
    publicDir: "shared",
    logLevel: "warn",
    run: { seed: 7, numRounds: 3 },
  });
});

test("a certificate needs its key", () => {
  expect(() => settingsOf({ cert: "a.pem" })).toThrow("--cert and --key go together");
  expect(settingsOf({ cert: "a.pem", key: "b.pem" })).toMatchObject({ https: { cert: "a.pem", key: "b.pem" } });
});

test("an open roster is asked for by one flag", () => {
  expect(settingsOf({ openRoster: true, minDevices: 8 }).run).toEqual({ roster: "open", minDevices: 8 });
  expect(settingsOf({ openRoster: true, maxDevices: 40 }).run).toEqual({ roster: "open", maxDevices: 40 });
});

test("flags leave what follows them to the rule that files have", () => {
  const { run } = settingsOf({ devices: 5 });
  expect(run).toEqual({ numDevices: 5 });
  const config = (file: object, flags: object) => mergeSettings({ presets, preset: "default", file: { ...file }, flags: { ...flags } });
  expect(config({}, settingsOf({ devices: 5 })).run).toEqual(config({ run: { numDevices: 5 } }, {}).run);
  expect(config({ run: { minDevices: 2 } }, settingsOf({ devices: 5 })).run).toMatchObject({ minDevices: 2, cohortSize: 5 });
});

test("the command tells each fault of a file on its own line, before it builds anything", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-serve-"));
  const file = join(folder, "mine.yaml");
  await writeFile(file, "run:\n  localEpochs: 3\n  numRounds: many\nprot: 1\n");
  const bin = fileURLToPath(new URL("../../bin/tutti.mjs", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, "run", "start", file], { encoding: "utf8" });
  await rm(folder, { recursive: true });
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr.trimEnd().split("\n")).toEqual([
    `tutti: ${file}: the configuration was refused:`,
    '  run.numRounds: found "many", expected a whole number from 1 to 100000',
    "  run.localEpochs: there is no setting of this name; did you mean run.training.localEpochs?",
    "  prot: there is no setting of this name; did you mean port?",
  ]);
});

test("a task whose rows do not say what the partition goes by is refused before anything is built", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-serve-"));
  const bin = fileURLToPath(new URL("../../bin/tutti.mjs", import.meta.url));
  const tutti = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { encoding: "utf8", cwd: folder });
  const rows = Array.from({ length: 12 }, (_, i) => `question ${i},answer ${i}`);
  await writeFile(join(folder, "plain.csv"), ["text,answer", ...rows].join("\n"));
  await writeFile(join(folder, "mine.yaml"), "publicDir: pub\nrun:\n  task: plain\n  partition: { kind: byField }\n");
  const added = tutti("data", "add", "plain.csv", "--datasets", "pub/datasets");
  expect([added.status, added.stderr]).toEqual([0, expect.any(String)]);
  const { status, stderr } = tutti("run", "start", "mine.yaml");
  await rm(folder, { recursive: true });
  expect(stderr).toContain('plain cannot be dealt out by owner (partition.kind is "byField"): its rows have none');
  expect(status).toBe(2);
});

test("the command loads a strategy from a folder without packages, and holds its settings against its schema", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-serve-"));
  await cp(fileURLToPath(new URL("../../../../examples/strategies", import.meta.url)), folder, { recursive: true });
  await writeFile(join(folder, "mine.yaml"), "run:\n  strategy: { module: ./trimmedMean.ts, trim: 0.7 }\n");
  const bin = fileURLToPath(new URL("../../bin/tutti.mjs", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [bin, "run", "start", "mine.yaml"], { encoding: "utf8", cwd: folder });
  await rm(folder, { recursive: true });
  expect([status, stderr.trimEnd().split("\n")]).toEqual([
    2,
    [
      "tutti: mine.yaml: the settings of ./trimmedMean.ts were refused:",
      "  run.strategy.trim: found 0.7, expected a number from 0 to 0.49",
    ],
  ]);
});
