import { presets } from "@tutti/core";
import { expect, test } from "vitest";
import { parseConfig } from "./config.ts";
import { mergeSettings } from "./settings.ts";

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
  expect(() => merge({ preset: "offical" })).toThrow(
    'preset: found "offical", expected one of official, default, demo, public; did you mean official?',
  );
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
  expect(message).toContain("run.numRound: there is no setting of this name; did you mean run.numRounds?");
  expect(message).toContain("prot: there is no setting of this name; did you mean port?");
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

test("what follows the number of devices follows it alike from a file, from flags, from both and from a preset", () => {
  const expected = { numDevices: 4, cohortSize: 4, minDevices: 4 };
  const run = { numDevices: 4 };
  expect(merge({ run }).run).toMatchObject(expected);
  expect(merge({}, { run }).run).toMatchObject(expected);
  expect(merge({ run: { numDevices: 9 } }, { run }).run).toMatchObject(expected);
  expect(merge({ run }, { preset: "official" }).run).toMatchObject(expected);
  expect(merge({ run: { minDevices: 2 } }, { run }).run).toMatchObject({ cohortSize: 4, minDevices: 2 });
  expect(merge({ run: { cohortSize: 3 } }, { run: { numDevices: 40 } }).run).toMatchObject({ cohortSize: 3, minDevices: 6 });
  expect(messageOf(() => merge({ run: { minDevices: 9 } }, { run }))).toContain("run.minDevices: found 9; minDevices is above numDevices");
});

test("all faults of all sources are told at once, a line each, of a wrong preset and of fields that do not go together too", () => {
  const run = {
    numDevices: 2,
    cohortSize: 9,
    quorum: 3,
    localEpochs: 2,
    training: { batchSize: "8" },
    strategy: { name: "fedAvg", tao: 1 },
  };
  expect(messageOf(() => merge({ preset: "offical", localEpochs: 3, presett: 1, run }, { port: -1 })).split("\n")).toEqual([
    "the configuration was refused:",
    '  preset: found "offical", expected one of official, default, demo, public; did you mean official?',
    "  port: found -1, expected a whole number from 0 to 65535",
    "  run.quorum: found 3, expected a number from 0 to 1",
    '  run.training.batchSize: found "8", expected a whole number from 1 to 4096; write 8 without quotes',
    "  run.strategy.tao: there is no setting of this name; did you mean run.strategy.tau (where run.strategy.name is fedOpt)?",
    "  run.localEpochs: there is no setting of this name; did you mean run.training.localEpochs?",
    "  run.cohortSize: found 9; cohortSize is above numDevices: lower it, or give more devices",
    "  localEpochs: there is no setting of this name; did you mean run.training.localEpochs?",
    "  presett: there is no setting of this name; did you mean preset?",
  ]);
});

test("a run that is no names and values is told as that, and names that objects have by themselves are unknown ones", () => {
  expect(messageOf(() => merge({ run: null }))).toMatch(/refused:\n {2}run: found null, expected names and values: seed, /);
  expect(messageOf(() => merge({ run: [1] }))).toMatch(/refused:\n {2}run: found a list of 1, expected names and values: seed, /);
  const hostile: object = JSON.parse('{"__proto__": {"x": 1}, "run": {"constructor": 2}}');
  const message = messageOf(() => merge(hostile));
  expect(message).toContain("  __proto__: there is no setting of this name; expected one of host, port, ");
  expect(message).toContain("  run.constructor: there is no setting of this name; expected one of seed, backbone, ");
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "";
}
