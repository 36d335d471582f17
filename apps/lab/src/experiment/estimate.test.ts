import { presets, type RunSettings } from "@tutti/core";
import type { RunRecord } from "@tutti/record";
import { expect, test } from "vitest";
import { estimateExperiment, runsToCalibrate, secondsOfRun, workOf } from "./estimate.ts";
import type { PlannedRun } from "./plannedRun.ts";

const size = { task: "feedback/topic", meanCharacters: 50, numTrain: 1000, numEvaluated: 300, numTest: 200 };
const calibration = { ...size, backbone: "minuet", tuning: "prefix" as const, trainSeconds: 0.02, predictSeconds: 0.005 };
const fedAvg: RunSettings = {
  ...presets.default,

  numDevices: 20,
  cohortSize: 5,
  numRounds: 4,
  evaluateEvery: 2,
  training: { ...presets.default.training, localEpochs: 3 },
  strategy: { name: "fedAvg", fineTuneEpochs: 0 },
};

test("the work of a run is its cohorts' examples times epochs, and its evaluations'", () => {
  // 4 rounds of 5 devices with 50 examples, 3 epochs each; 2 evaluations of 300 rows, and 300 zero-shot
  const work = { trained: 4 * 5 * 50 * 3, predicted: 2 * 300 + 300 };
  expect(workOf(fedAvg, size)).toEqual(work);
  expect(workOf({ ...fedAvg, evaluateZeroShot: false }, size).predicted).toBe(2 * 300);
  expect(workOf({ ...fedAvg, strategy: { name: "fedAvg", fineTuneEpochs: 2 } }, size)).toEqual({
    trained: work.trained + 2 * 1000,
    // where devices keep parameters the last evaluation covers everybody's rows twice, and the 200 rows of the devices once
    predicted: work.predicted + 300 + 200,
  });
  // devices that keep parameters predict everybody's rows with them and as a newcomer, and the 200 of their own
  expect(workOf({ ...fedAvg, strategy: { name: "local" }, evaluateZeroShot: false }, size).predicted).toBe(2 * (300 + 300 + 200));
});

test("counting rounds and probes are work too", () => {
  const { strategy } = presets.default;
  if (strategy.name !== "fedPepTao") throw new Error("the default is FedPepTAO");
  const stages = { ...strategy, countingRounds: 2, probeDevices: 3, lanczosSteps: 10, keepFraction: "auto" } as const;
  const { trained } = workOf({ ...fedAvg, strategy: stages }, size);
  expect(trained).toBe(6 * 5 * 50 * 3 + 2 * 3 * 10 * fedAvg.training.batchSize);
});

test("stages that nothing is taken from are no work", () => {
  const { strategy } = presets.default;
  if (strategy.name !== "fedPepTao") throw new Error("the default is FedPepTAO");
  const trainedBy = (changes: Partial<typeof strategy>) => workOf({ ...fedAvg, strategy: { ...strategy, ...changes } }, size).trained;
  const rounds = 4 * 5 * 50 * 3;
  expect(trainedBy({ selector: "all", countingRounds: 2, initialPrompts: "fresh" })).toBe(rounds);
  expect(trainedBy({ keepFraction: 0.5, countingRounds: 2, initialPrompts: "fresh" })).toBe(rounds);
  expect(trainedBy({ selector: "all", countingRounds: 2, initialPrompts: "counting" })).toBe(rounds + 2 * 5 * 50 * 3);
});

test("seconds go with the work and with the texts' lengths", () => {
  const seconds = secondsOfRun(fedAvg, size, calibration, 1);
  expect(seconds).toBeCloseTo(8 + 3000 * 0.02 + 900 * 0.005, 6);
  expect(secondsOfRun(fedAvg, { ...size, meanCharacters: 100 }, calibration, 1) - 8).toBeCloseTo(2 * (seconds - 8), 6);
});

const planned = (id: string, method: PlannedRun["method"]): PlannedRun => ({
  id,
  method,
  methodTitle: method,
  variant: {},
  isRateTrial: false,
  task: "feedback/topic",
  metric: "accuracy",

  seed: fedAvg.seed,
  settings: fedAvg,
  faults: null,
});
const done = (run: PlannedRun, total: number, error: string | null = null) =>
  ({ ...run, error, seconds: { total, scoring: 0, counting: 0, training: 0, evaluation: 0 } }) as RunRecord;

test("what is done is not expected again, and corrects the calibration by method", () => {
  const runs = [planned("a", "lora"), planned("b", "lora"), planned("c", "full"), planned("d", "pTuningV2")];
  const one = secondsOfRun(fedAvg, size, calibration, 1);
  const earlier = new Map([
    ["a", done(planned("a", "lora"), 2 * one)],
    ["c", done(planned("c", "full"), 4 * one)],
    ["d", done(planned("d", "pTuningV2"), 1, "it broke")],
  ]);
  const input = { runs, sizes: [size], calibrations: [calibration], tabsPerRun: 1, numAtOnce: 1 };
  const fresh = estimateExperiment({ ...input, earlier: new Map() });
  expect(fresh).toMatchObject({ numRuns: 4, seconds: 4 * one, basis: "measured on a few steps just now" });
  const later = estimateExperiment({ ...input, earlier });
  // b as slow as a; d, which failed, as slow as the two that did not, on average
  expect(later).toMatchObject({ numRuns: 2, basis: "judging by 2 earlier runs" });
  expect(later.seconds).toBeCloseTo(2 * one + 3 * one, 6);
  expect(estimateExperiment({ ...input, numAtOnce: 2, earlier }).seconds).toBeCloseTo(2.5 * one, 6);
});

test("each backbone and tuning method is measured once, and runs are expected to go as theirs", () => {
  const lora = {
    ...fedAvg,
    tuning: { method: "lora", rank: 2, alpha: 4, promptDropout: 0, positionsAfterPrefix: false, head: "linear", lossOver: "labelWords" },
  } as const;
  const deep = { ...fedAvg, backbone: "random-24" };
  const runs = [fedAvg, lora, deep, fedAvg].map((settings, i) => ({ ...planned(String(i), "settings"), settings }));
  expect(runsToCalibrate(runs).map(({ id }) => id)).toEqual(["0", "1", "2"]);
  const calibrations = [calibration, { ...calibration, tuning: "lora" as const, trainSeconds: 0.06 }];
  const expected = (settings: RunSettings) => {
    const run = { ...planned("x", "settings"), settings };
    return estimateExperiment({ runs: [run], sizes: [size], calibrations, earlier: new Map(), tabsPerRun: 1, numAtOnce: 1 }).seconds;
  };
  expect(expected(lora) - expected(fedAvg)).toBeCloseTo(3000 * 0.04, 6);
  expect(expected(deep)).toBe(expected(fedAvg));
});
