import type { Evaluation, EvaluationResult, Params, StrategySummary } from "@tutti/core";
import { expect, test } from "vitest";
import { collectRecord, type RunCircumstances, uploadsByRound } from "./collectRecord.ts";
import { runRecordSchema } from "./runRecord.ts";
import { resultOf, scoresIn } from "./runResult.ts";
import { identityOfRun } from "./singleRun.ts";
import type { StepRecord } from "./stepRecord.ts";
import { exampleRun } from "./testing/exampleRun.ts";
import type { TrafficTotals } from "./traffic.ts";

/** Of 100 rows this number is right: of class 0 all that can be, so that macro F1 is another number than accuracy. */
const results = (split: "validation" | "test", numRight: number): EvaluationResult => ({
  protocol: "global",
  split,
  confusion: [
    [60, 0],
    [100 - numRight, numRight - 60],
  ],
  lossSum: 100,
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

const evaluated = (round: number): StepRecord => step({ round, step: 2, kind: "evaluate", bytesUp: 7, bytesDown: 11, seconds: 1 });

const evaluation = (round: number, validation: number, test: number): Evaluation => ({
  stage: "train",
  round,
  numAnswered: 5,
  coverage: 1,
  results: [results("validation", validation), results("test", test)],
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
  evaluations: [evaluation(1, 65, 63), evaluation(2, 80, 71), evaluation(3, 80, 74)],
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
  evaluated(1),
  step({ round: 2, counted: [0, 1, 4] }),
  evaluated(2),
  step({ round: 3 }),
  evaluated(3),
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

const settings = { ...exampleRun.settings, contributionEncoding: "f16" as const };
const identity = identityOfRun("a", settings, "accuracy");
const run = { summary, allParams, steps, traffic };
const circumstances: RunCircumstances = {
  backend: "wasm",
  clients: "tabs",
  threads: 2,
  numClients: 4,
  totalSeconds: 33,
  parametersSha256: "00",
  majority: { accuracy: 0.25, macroF1: 0.1, numExamples: 12 },
};
const record = collectRecord(identity, run, circumstances);

test("time is summed by phase, bytes over everything on the wire", () => {
  const { seconds, bytes, rounds } = resultOf(record);
  expect(seconds).toEqual({ scoring: 0.5, counting: 7, training: 6, evaluation: 3, total: 33 });
  expect(bytes).toMatchObject({ up: 408, down: 1427, evaluation: 54, stagesAB: 130 });
  // 77 floats of 4 bytes; 2 + 3 + 2 contributions, three tasks in each of three rounds
  expect(bytes).toMatchObject({ upAllLayersF32: 2156, downAllLayersF32: 2772 });
  expect(rounds).toBe(3);
  // the stages alone, as methods are compared: 3 + 62 + 300 and 5 + 60 + 90
  expect(record.bytes).toMatchObject({ up: 365, down: 155 });
});

test("the best round is chosen on the validation split, the earliest of equals, and reported on the test split with its number of texts", () => {
  expect(record.best?.round).toBe(2);
  expect(record.bestValidation).toBe(0.8);
  const { accuracy, f1 } = resultOf(record);
  expect(scoresIn(record, "numTexts")).toEqual({
    global: 100,
    personalised: null,
    newcomer: null,
    globalBest: 100,
    majority: 12,
    zeroShot: null,
  });
  expect(accuracy).toEqual({ global: 0.74, personalised: null, newcomer: null, globalBest: 0.71, majority: 0.25, zeroShot: null });
  // of 71: class 0 has precision 60/89 and recall 1, class 1 precision 1 and recall 11/40
  expect(f1.globalBest).toBeCloseTo(((2 * (60 / 89)) / (60 / 89 + 1) + (2 * (11 / 40)) / (11 / 40 + 1)) / 2, 12);
});

test("uploads compare the travelling tensors with all of them in the run's own encoding", () => {
  // f16: 58 bytes against 154, for 2, 3 and 2 contributions
  expect(uploadsByRound(identity, run)).toEqual([
    { selected: 116, allLayers: 308 },
    { selected: 174, allLayers: 462 },
    { selected: 116, allLayers: 308 },
  ]);
  // savings 192, 288, 192 against 130 for stages A and B
  expect(resultOf(record).breakEvenRound).toBe(1);
});

test("what devices tune for themselves after the last round is no round, and nothing of it travels", () => {
  const tuned = [...steps.slice(0, -1), step({ round: 3, step: 2, counted: [0, 1, 2, 3] }), ...steps.slice(-1)];
  const changed = { ...identity, settings: { ...settings, strategy: { name: "fedAvg", fineTuneEpochs: 2 } } as const };
  const { rounds, bytes, breakEvenRound } = resultOf(collectRecord(changed, { ...run, steps: tuned }, circumstances));
  expect({ rounds, breakEvenRound }).toEqual({ rounds: 3, breakEvenRound: 1 });
  expect(bytes.upAllLayersF32).toBe(2156);
});

test("a record of a run that goes has the scores that it has by now", () => {
  const soFar = { ...run, steps: steps.slice(0, 5), summary: { ...summary, isDone: false, evaluations: summary.evaluations.slice(0, 1) } };
  const { final, best, curve, parametersSha256 } = collectRecord(identity, soFar, { backend: "wasm", clients: "tabs", totalSeconds: 9 });
  expect([final.global?.accuracy, best?.round, curve.length, parametersSha256]).toEqual([0.63, 1, 2, undefined]);
});

test("seconds have at most three decimals, of the sum and not of its parts, and what was given stays as it is", () => {
  const given = run.steps.map((one) => ({ ...one, seconds: 1.000_400_1 }));
  const {
    seconds,
    steps = [],
    curve,
  } = collectRecord(identity, { ...run, steps: given }, { ...circumstances, totalSeconds: 111.045_632_734 });
  expect(seconds.total).toBe(111.046);
  const numTrained = given.filter(({ stage, kind }) => stage === "train" && kind !== "evaluate").length;
  expect(numTrained).toBeGreaterThan(2);
  expect(seconds.training).toBe(Number((numTrained * 1.000_400_1).toFixed(3)));
  for (const value of [...Object.values(seconds), ...steps.map((one) => one.seconds), ...curve.map((one) => one.seconds)])
    expect(String(value)).toMatch(/^\d+(\.\d{1,3})?$/);
  expect(given[0]?.seconds).toBe(1.000_400_1);
});

test("a run whose answers are texts has its main score in all protocols and untuned, and says which it is", () => {
  const text = (protocol: "personalised" | "global" | "newcomer" | "zeroShot", rougeLSum: number): EvaluationResult => ({
    protocol,
    split: "test",
    text: { numExamples: 8, numTokens: 40, numBytes: 100, numRightTokens: 10, generated: { numExamples: 5, numExact: 0, rougeLSum } },
    lossSum: 80,
  });
  const results = [text("personalised", 2), text("global", 1.5), text("newcomer", 1), text("zeroShot", 0.5)];
  const textRun = { ...run, steps: steps.slice(0, 5), summary: { ...summary, evaluations: [{ ...evaluation(1, 1, 1), results }] } };
  const { majority: _, ...given } = circumstances;
  const texts = collectRecord(identityOfRun("a", settings, "rougeL"), textRun, given);
  expect(texts.metric).toBe("rougeL");
  expect(texts.controls).toEqual({ majority: null, majorityScores: null, zeroShot: 0.1 });
  const { metric, score, accuracy } = resultOf(texts);
  expect({ metric, score }).toEqual({
    metric: "rougeL",
    score: { global: 0.3, personalised: 0.4, newcomer: 0.2, globalBest: null, majority: null, zeroShot: 0.1 },
  });
  expect(Object.values(accuracy)).toEqual([null, null, null, null, null, null]);
  expect(texts.final.newcomer).toEqual({
    score: 0.2,
    loss: 2,
    numTexts: 5,
    text: expect.objectContaining({
      lossPerToken: 2,
      perplexityPerToken: expect.closeTo(7.38905609893, 9),
      lossPerByte: 0.8,
      tokenAccuracy: 0.25,
    }),
  });
  expect(runRecordSchema.parse(JSON.parse(JSON.stringify(texts)))).toEqual(texts);
});
