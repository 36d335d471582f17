import type { Params, StrategySummary } from "@tutti/core";
import { expect, test } from "vitest";
import { collectResult, countTexts, uploadsByRound } from "./collectResult.ts";
import type { EvaluationRecord, StepRecord } from "./stepRecord.ts";
import { exampleReport } from "./testing/exampleReport.ts";
import type { TrafficTotals } from "./traffic.ts";

const record = (split: "validation" | "test", accuracy: number): EvaluationRecord => ({
  protocol: "global",
  split,
  accuracy,
  macroF1: accuracy / 2,
  loss: 1,
  numExamples: 10,
  numDevices: 5,
  coverage: 1,
});

const step = (partial: Partial<StepRecord>): StepRecord => ({
  stage: "train",
  round: 1,
  step: 1,
  attempt: 1,
  kind: "train",
  cohort: [0, 1, 4],
  counted: [0, 4],
  seconds: 2,
  bytesUp: 100,
  bytesDown: 30,
  firstLoss: 1,
  lastLoss: 1,
  evaluations: [],
  ...partial,
});

const evaluated = (round: number, validation: number, test: number): StepRecord =>
  step({
    round,
    step: 2,
    kind: "evaluate",
    bytesUp: 7,
    bytesDown: 11,
    seconds: 1,
    evaluations: [record("validation", validation), record("test", test)],
  });

const summary: StrategySummary = {
  stage: "train",
  round: 3,
  numRounds: 3,
  step: 1,
  isDone: true,
  layerScores: [8, 9, null],
  probes: [],
  keepFraction: 0.4,
  selectedLayers: [1],
  sharedNames: ["head/bias", "prefix/1"],
  serverLearningRate: 0.01,
  evaluations: [],
};

const tensor = (shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((product, length) => product * length, 1)) });
// 5 + 3 × 24 = 77 floats; head and layer 1: 29
const allParams: Params = {
  "head/bias": tensor([5]),
  "prefix/0": tensor([2, 3, 4]),
  "prefix/1": tensor([2, 3, 4]),
  "prefix/2": tensor([2, 3, 4]),
};

const steps = [
  step({ stage: "score", kind: "score", bytesUp: 3, bytesDown: 5, seconds: 0.5 }),
  step({ stage: "count", bytesUp: 60, bytesDown: 40, seconds: 4 }),
  step({ stage: "count", step: 2, kind: "probe", bytesUp: 2, bytesDown: 20, seconds: 3 }),
  step({ round: 1 }),
  evaluated(1, 0.5, 0.45),
  step({ round: 2, counted: [0, 1, 4] }),
  evaluated(2, 0.7, 0.61),
  step({ round: 3 }),
  evaluated(3, 0.7, 0.64),
];

const traffic: TrafficTotals = {
  score: { up: 3, down: 5 },
  count: { up: 62, down: 60 },
  train: { up: 300, down: 90 },
  evaluation: { up: 21, down: 33 },
  states: { up: 7, down: 0 },
  waiting: { up: 8, down: 9 },
  backbone: { up: 1, down: 1000 },
  dataset: { up: 2, down: 200 },
  pages: { up: 4, down: 30 },
};

const settings = { ...exampleReport.settings, contributionEncoding: "f16" as const };
const sources = {
  settings,
  summary,
  allParams,
  steps,
  traffic,
  majority: { accuracy: 0.25, macroF1: 0.1, numExamples: 12 },
  backend: "wasm",
  threads: 2,
  numTabs: 4,
  totalSeconds: 33,
  parametersSha256: "00",
};

test("time is summed by phase, bytes over everything on the wire", () => {
  const { seconds, bytes, rounds } = collectResult(sources);
  expect(seconds).toEqual({ scoring: 0.5, counting: 7, training: 6, evaluation: 3, total: 33 });
  expect(bytes).toMatchObject({ up: 408, down: 1427, evaluation: 54, stagesAB: 130 });
  // 77 floats of 4 bytes; 2 + 3 + 2 contributions, three tasks in each of three rounds
  expect(bytes).toMatchObject({ upAllLayersF32: 2156, downAllLayersF32: 2772 });
  expect(rounds).toBe(3);
});

test("the best round is chosen on the validation split, the earliest of equals, and reported on the test split with its number of texts", () => {
  const { accuracy, f1 } = collectResult(sources);
  expect(countTexts(sources)).toEqual({ global: 10, personalised: null, newcomer: null, globalBest: 10, majority: 12, zeroShot: null });
  expect(accuracy).toEqual({ global: 0.64, personalised: null, newcomer: null, globalBest: 0.61, majority: 0.25, zeroShot: null });
  expect(f1.globalBest).toBe(0.305);
});

test("uploads compare the travelling tensors with all of them in the run's own encoding", () => {
  // f16: 58 bytes against 154, for 2, 3 and 2 contributions
  expect(uploadsByRound(sources)).toEqual([
    { selected: 116, allLayers: 308 },
    { selected: 174, allLayers: 462 },
    { selected: 116, allLayers: 308 },
  ]);
  // savings 192, 288, 192 against 130 for stages A and B
  expect(collectResult(sources).breakEvenRound).toBe(1);
});

test("what devices tune for themselves after the last round is no round, and nothing of it travels", () => {
  const settings = { ...sources.settings, strategy: { name: "fedAvg", fineTuneEpochs: 2 } } as const;
  const tuned = [...steps.slice(0, -1), step({ round: 3, step: 2, counted: [0, 1, 2, 3] }), ...steps.slice(-1)];
  const { rounds, bytes, breakEvenRound } = collectResult({ ...sources, settings, steps: tuned });
  expect({ rounds, breakEvenRound }).toEqual({ rounds: 3, breakEvenRound: 1 });
  expect(bytes.upAllLayersF32).toBe(2156);
});
