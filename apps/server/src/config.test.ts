import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { presets } from "@tutti/core";
import { afterAll, expect, test } from "vitest";
import { parseConfig } from "./config.ts";
import { mergeSettings, readSettingsFile } from "./settings.ts";
import { temporaryFolder } from "./testing/startTest.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const merge = (file: object, flags: object = {}) => mergeSettings({ presets, preset: "default", file: { ...file }, flags: { ...flags } });

test("flags win over the file, the file over the preset, and names that nobody gives stay", () => {
  const config = merge({ port: 9000, run: { numRounds: 7, training: { batchSize: 16 } } }, { run: { numRounds: 9 } });
  expect(config.port).toBe(9000);
  expect(config.run.numRounds).toBe(9);
  expect(config.run.training).toEqual({ ...presets.default.training, batchSize: 16 });
  expect(config.run.seed).toBe(presets.default.seed);
});

test("a file may choose another preset, and a flag another still", () => {
  expect(merge({ preset: "official" }).run.numRounds).toBe(100);
  expect(merge({ preset: "official" }, { preset: "demo" }).run.numRounds).toBe(12);
  expect(() => merge({ preset: "offical" })).toThrow('there is no preset "offical"; did you mean official?');
});

test("another strategy replaces the preset's options instead of mixing with them", () => {
  expect(merge({ run: { strategy: { name: "fedAvg" } } }).run.strategy).toEqual({ name: "fedAvg", fineTuneEpochs: 0 });
  expect(merge({ run: { partition: { kind: "iid" } } }).run.partition).toEqual({ kind: "iid" });
  expect(merge({ run: { strategy: { countingRounds: 2 } } }).run.strategy).toMatchObject({
    name: "fedPepTao",
    countingRounds: 2,
    lanczosSteps: 30,
  });
});

test("unknown names and values out of bounds are refused, each by name, with what may have been meant", () => {
  const message = messageOf(() => merge({ prot: 1, run: { numRound: 5, cohortSize: 0 } }));
  expect(message).toContain("run.numRound: there is no such name; did you mean numRounds?");
  expect(message).toContain("prot: there is no such name; did you mean port?");
  expect(message).toContain("run.cohortSize: ");
});

test("fewer devices than the preset's cohort make the cohort smaller, unless its size was asked for", () => {
  expect(merge({ preset: "demo", run: { numDevices: 2 } }).run).toMatchObject({ numDevices: 2, cohortSize: 2, minDevices: 2 });
  expect(merge({ preset: "demo", run: { numDevices: 12, minDevices: 3 } }).run).toMatchObject({ cohortSize: 6, minDevices: 3 });
  expect(messageOf(() => merge({ preset: "demo", run: { numDevices: 2, cohortSize: 5 } }))).toContain("cohortSize is above numDevices");
  // In an open roster there may be more devices than shares: maxDevices is what bounds them.
  const open = (run: object) => merge({ preset: "demo", run: { roster: "open", ...run } }).run;
  expect(open({ numDevices: 2 })).toMatchObject({ numDevices: 2, maxDevices: 500, cohortSize: 6, minDevices: 6 });
  expect(open({ minDevices: 30, cohortSize: 25 })).toMatchObject({ numDevices: 20, minDevices: 30, cohortSize: 25 });
  expect(open({ maxDevices: 4 })).toMatchObject({ numDevices: 20, maxDevices: 4, cohortSize: 4, minDevices: 4 });
  expect(open({ numDevices: 900 })).toMatchObject({ numDevices: 900, maxDevices: 900 });
  expect(messageOf(() => open({ maxDevices: 4, minDevices: 5 }))).toContain("minDevices is above maxDevices");
});

test("a parsed configuration is frozen at every depth", () => {
  const config = parseConfig({ run: presets.demo });
  expect(Object.isFrozen(config) && Object.isFrozen(config.run) && Object.isFrozen(config.run.training)).toBe(true);
});

test("settings files are YAML or JSON; what cannot be read is an error that names the file", () => {
  const yaml = join(folder.path, "run.yaml");
  writeFileSync(yaml, "preset: demo\nrun:\n  seed: 7 # lucky\n  partition: { kind: iid }\n");
  expect(merge(readSettingsFile(yaml)).run).toMatchObject({ seed: 7, partition: { kind: "iid" }, numRounds: 12 });
  const json = join(folder.path, "run.json");
  writeFileSync(json, "{ not json");
  expect(() => readSettingsFile(json)).toThrow(json);
  expect(() => readSettingsFile(join(folder.path, "run.toml"))).toThrow("a settings file ends in .yaml, .yml or .json");
  expect(() => readSettingsFile(join(folder.path, "none.yaml"))).toThrow("none.yaml");
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "";
}
