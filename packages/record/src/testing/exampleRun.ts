import type { RunPoint, RunRecord, RunScores } from "../runRecord.ts";
import type { EvaluationRecord, StepRecord } from "../stepRecord.ts";

const spread = { numDevices: 19, meanAccuracy: 0.688, worstTenthAccuracy: 0.412, meanLoss: 0.79, worstTenthLoss: 1.42 };

const evaluation = (protocol: EvaluationRecord["protocol"], accuracy: number): EvaluationRecord => ({
  protocol,
  split: "test",
  accuracy,
  macroF1: accuracy - 0.02,
  loss: 1.1 - accuracy / 2,
  numExamples: 288,
  numDevices: 19,
  coverage: 0.95,
});

const step = (partial: Partial<StepRecord>): StepRecord => ({
  stage: "train",
  round: 1,
  step: 1,
  attempt: 1,
  kind: "train",
  cohort: [3, 1],
  counted: [1, 3],
  seconds: 4.5,
  bytesUp: 120_000,
  bytesDown: 160_000,
  firstLoss: null,
  lastLoss: null,
  evaluations: [],
  ...partial,
});

const scores = (accuracy: number, numTexts = 288): RunScores => ({
  ...{ score: accuracy, accuracy, macroF1: accuracy - 0.02, loss: 1.1 - accuracy / 2, numTexts },
});

const point = (round: number, protocol: RunPoint["protocol"], accuracy: number, coverage = 0.95): RunPoint => ({
  ...scores(accuracy),
  ...{ round, protocol, coverage, split: "test", seconds: 70 + 30 * round, bytesUp: 900_000 + 120_000 * round, bytesDown: 160_000 * round },
  ...(protocol === "personalised" ? { spread } : {}),
});

/** A small made-up record of a run by itself, for tests of what is drawn from one. */
export const exampleRun: RunRecord = {
  id: "20260102-030405-topic",
  ...{
    method: "settings",
    methodTitle: "These settings",
    variant: {},
    isRateTrial: false,
    task: "feedback/topic",
    metric: "accuracy",
    seed: 42,
  },
  settings: {
    seed: 42,
    backbone: "minuet",
    task: "feedback/topic",
    roster: "fixed",
    numDevices: 20,
    maxDevices: 500,
    minDevices: 20,
    cohortSize: 6,
    numRounds: 3,
    evaluateEvery: 2,
    evaluateZeroShot: true,
    deadlineMs: 120_000,
    quorum: 0.7,
    partition: { kind: "dirichletLabel", dirichletAlpha: 1 },
    tuning: { method: "prefix", promptTokens: 16, promptDropout: 0.1, positionsAfterPrefix: false, head: "linear", lossOver: "labelWords" },
    training: {
      localEpochs: 2,
      batchSize: 8,
      clientLearningRate: 0.01,
      weightDecay: 0.1,
      clipNorm: 1,
      resetMoments: true,
      optimizer: "adamW",
      proximal: 0,
    },
    strategy: { name: "fedAvg", fineTuneEpochs: 0 },
    contributionEncoding: "f16",
    paramsEncoding: "f32",
  },
  ...{ backend: "wasm", backendReason: "wasm × 1: fastest micro-step", clients: "tabs", numClients: 4, threads: 1 },
  machine: "Some processor, 2 cores, linux",
  seconds: { scoring: 4.2, counting: 61, training: 95, evaluation: 33, total: 201 },
  bytes: {
    ...{ up: 1_264_000, down: 2_076_000, evaluation: 2_000_000, stagesAB: 2_500_000 },
    allLayersF32: { up: 1_800_000, down: 1_900_000 },
  },
  curve: [
    point(0, "zeroShot", 0.33, 1),
    point(2, "personalised", 0.61),
    point(2, "global", 0.52),
    point(3, "personalised", 0.702),
    point(3, "global", 0.601),
    point(3, "newcomer", 0.64),
  ],
  final: { global: scores(0.601), personalised: { ...scores(0.702), macroF1: 0.69, spread }, newcomer: scores(0.64) },
  best: { round: 2, scores: { global: scores(0.59) } },
  bestValidation: 0.57,
  controls: { majority: 0.25, zeroShot: 0.33, majorityScores: { accuracy: 0.25, macroF1: 0.1, numTexts: 1288 } },
  layerScores: [8.21, 9.13, 22.4, 31.7, 96.5, null],
  ...{ selector: null, selectedLayers: [2, 3, 4], keepFraction: 0.4952645 },
  spectra: [{ deviceId: 1, ritzValues: [0.0057, -0.0014, 0.002], ritzWeights: [0.2, 0.5, 0.3] }],
  ...{ correct: null, answers: null, correctNote: "the answers were not replayed row by row", faults: null, error: null },
  usage: { clientsFraction: null, orchestrationFraction: null },
  parametersSha256: "ab".repeat(32),
  steps: [
    step({ stage: "score", kind: "score", bytesUp: 4_000, bytesDown: 20_000 }),
    step({ stage: "count", firstLoss: 1.4, lastLoss: 1.3 }),
    step({ round: 1, firstLoss: 1.3, lastLoss: 1.2 }),
    step({ round: 2, firstLoss: 1.1, lastLoss: 1.0 }),
    step({ round: 2, step: 2, kind: "evaluate", evaluations: [evaluation("personalised", 0.61), evaluation("global", 0.52)] }),
    step({ round: 3, firstLoss: 0.95, lastLoss: 0.9 }),
    step({
      round: 3,
      step: 2,
      kind: "evaluate",
      evaluations: [evaluation("personalised", 0.702), evaluation("global", 0.601), evaluation("newcomer", 0.64)],
    }),
  ],
  traffic: {
    score: { up: 4_000, down: 20_000 },
    count: { up: 900_000, down: 1_576_000 },
    train: { up: 360_000, down: 480_000 },
    evaluation: { up: 100_000, down: 1_900_000 },
    states: { up: 700_000, down: 0 },
    waiting: { up: 9_000, down: 60_000 },
    backbone: { up: 1_000, down: 5_400_000 },
    dataset: { up: 1_000, down: 300_000 },
    pages: { up: 1_034_000, down: 124_000 },
  },
  uploads: [
    { selected: 100_000, allLayers: 200_000 },
    { selected: 100_000, allLayers: 200_000 },
    { selected: 100_000, allLayers: 200_000 },
  ],
  notes: ["device 7 has no example of class <price>"],
};
