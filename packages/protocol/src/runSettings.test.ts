import { type Method, methods, presets, type RunSettings } from "@tutti/core";
import { describe, expect, test } from "vitest";
import { limits } from "./limits.ts";
import { runSettingsSchema } from "./runSettings.ts";

const run = presets.default;
const isGood = (changes: object) => runSettingsSchema.safeParse({ ...run, ...changes }).success;

test.each(Object.entries(methods))("the method %s is within the bounds, whatever the preset", (name, method: Method) => {
  for (const { aggregation, ...base } of Object.values(presets)) {
    // where nothing is summed there is nothing to keep to a rule
    const settings = method.settings(name === "local" || aggregation === undefined ? base : { ...base, aggregation });
    expect(runSettingsSchema.parse(settings)).toEqual(settings);
  }
});

test("settings from before there was a choice of optimisers and of fine-tuning mean what they meant", () => {
  const { optimizer: _, proximal: __, ...training } = run.training;
  const old = { ...run, training, strategy: { name: "fedAvg" } };
  const expected: RunSettings = { ...run, strategy: { name: "fedAvg", fineTuneEpochs: 0 } };
  expect(runSettingsSchema.parse(old)).toEqual(expected);
  expect(expected.training).toMatchObject({ optimizer: "adamW", proximal: 0 });
});

test("settings from before there were schedules of the server's rate stay as they are, and one that is given is within bounds", () => {
  const strategy = { name: "fedOpt", optimizer: "adam", serverLearningRate: 0.01, beta1: 0.9, beta2: 0.99, tau: 1e-3 } as const;
  expect(runSettingsSchema.parse({ ...run, strategy })).toEqual({ ...run, strategy });
  const scheduled = (serverRateSchedule: object, more: object = strategy) => isGood({ strategy: { ...more, serverRateSchedule } });
  expect(scheduled({ name: "cosine", endFraction: 0.1 })).toBe(true);
  expect(scheduled({ name: "cosine", endFraction: 0.1 }, run.strategy)).toBe(true);
  expect(scheduled({ name: "cosine", endFraction: 1.5 })).toBe(false);
  expect(scheduled({ name: "sine" })).toBe(false);
  expect(scheduled({ name: "constant" }, { name: "local" })).toBe(false);
});

test("P-3 a tuning method takes its own sizes, within bounds, and no other's", () => {
  const { promptTokens: _, ...common } = { ...run.tuning };
  const good: object[] = [
    { method: "prefix", promptTokens: 7 },
    { method: "inputPrompt", promptTokens: 7, initial: "vocabulary" },
    { method: "adapter", bottleneck: 7 },
    { method: "lora", rank: 3, alpha: 0.5 },
    { method: "idpg", promptTokens: 7, bottleneck: 3 },
    { method: "attempt", promptTokens: 7, bottleneck: 3, sources: ["ag_news", "qnli"] },
    { method: "latePrompt", promptTokens: 7, bottleneck: 3 },
    { method: "full" },
  ];
  const withLayers = { ...run, strategy: { name: "fedAvg" } };
  for (const tuning of good) {
    const parses = (part: object) => runSettingsSchema.safeParse({ ...withLayers, tuning: { ...common, ...tuning, ...part } }).success;
    expect(parses({}), JSON.stringify(tuning)).toBe(true);
    expect(parses({ widths: 3 })).toBe(false);
    for (const [name, value] of Object.entries(tuning)) if (typeof value === "number") expect(parses({ [name]: 0 }), name).toBe(false);
    for (const [name] of Object.entries(tuning)) expect(parses({ [name]: undefined }), name).toBe(false);
  }
  const attempt = { ...common, method: "attempt", promptTokens: 7, bottleneck: 3 };
  for (const sources of [[], ["../secret"], ["a/b"], Array.from({ length: limits.maxSources + 1 }, (_, i) => `source${i}`)]) {
    expect(runSettingsSchema.safeParse({ ...withLayers, tuning: { ...attempt, sources } }).success).toBe(false);
  }
});

test("P-3 a strategy takes its own options, within bounds", () => {
  const fedOpt = { name: "fedOpt", optimizer: "adam", serverLearningRate: 0.01, beta1: 0.9, beta2: 0.99, tau: 1e-3 };
  expect(isGood({ strategy: fedOpt })).toBe(true);
  for (const wrong of [{ tau: 0 }, { beta1: 1 }, { beta2: 1 }, { serverLearningRate: -1 }, { optimizer: "adamW" }]) {
    expect(isGood({ strategy: { ...fedOpt, ...wrong } }), JSON.stringify(wrong)).toBe(false);
  }
  expect(isGood({ strategy: { name: "local" } })).toBe(true);
  expect(isGood({ strategy: { name: "local", serverLearningRate: 1 } })).toBe(false);
  expect(isGood({ strategy: { name: "fedAvg", fineTuneEpochs: 0.5 } })).toBe(false);
});

test("SCAFFOLD needs plain gradient steps, and layers are chosen only where there are some", () => {
  const strategy = { name: "scaffold", serverLearningRate: 1 };
  expect(isGood({ strategy, training: { ...run.training, optimizer: "sgd" } })).toBe(true);
  expect(isGood({ strategy })).toBe(false);
  expect(isGood({ strategy, training: { ...run.training, optimizer: "sgd", clientLearningRate: 0 } })).toBe(false);
  const tuning = { ...run.tuning, method: "inputPrompt", initial: "normal" };
  expect(isGood({ tuning })).toBe(false);
  expect(isGood({ tuning, strategy: { ...run.strategy, selector: "all" } })).toBe(true);
});

describe("P-130: the rule of aggregation", () => {
  const ruled = (aggregation: unknown, changes: object = {}) =>
    runSettingsSchema.safeParse({ ...presets.default, ...changes, aggregation });
  const faultsOf = (...given: Parameters<typeof ruled>) =>
    ruled(...given).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

  test("is left out where it is not given, so that settings and the ids that follow from them stay", () => {
    expect(JSON.stringify(runSettingsSchema.parse(presets.default))).not.toContain("aggregation");
    expect(ruled({ name: "trimmedMean" }).data?.aggregation).toEqual({ name: "trimmedMean", numByzantine: 1 });
  });

  test("is refused where its condition fails at the quorum of the smallest cohort", () => {
    // 6 devices, quorum 0.7: a cohort of 5, of which 4 are enough
    expect(faultsOf({ name: "multiKrum", numByzantine: 1 })).toEqual([
      "aggregation.numByzantine: multiKrum needs n ≥ 2f + 3, here 5 updates, and a step of this run may close with 4 (cohortSize 6, numDevices 20, quorum 0.7 of a cohort that may itself be short by as much): lower numByzantine, or raise the cohort or the quorum",
    ]);
    expect(faultsOf({ name: "multiKrum", numByzantine: 1 }, { quorum: 1 })).toEqual([]);
    expect(faultsOf({ name: "trimmedMean", numByzantine: 2 })).toHaveLength(1);
  });

  test("is refused with a strategy that it does not fit, and with sequential steps", () => {
    const sequential = { strategy: { ...presets.default.strategy, serverStep: "sequential" } };
    expect(faultsOf({ name: "coordinateMedian" }, sequential)[0]).toMatch(
      /^strategy.serverStep: sequential steps go from device to device/,
    );
    expect(faultsOf({ name: "mean" }, sequential)).toEqual([]);
    expect(faultsOf({ name: "coordinateMedian" }, { strategy: { name: "local" } })[0]).toContain("leave aggregation out");
  });
});
