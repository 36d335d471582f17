import type { Evaluation, EvaluationResult } from "@tutti/core";
import { expect, test } from "vitest";
import { bestOnValidation, curveOf, testScores } from "./curve.ts";
import type { StepRecord } from "./stepRecord.ts";

const step = (round: number, kind: StepRecord["kind"], change: Partial<StepRecord> = {}): StepRecord => ({
  stage: "train",
  round,
  step: 1,
  attempt: 1,
  kind,
  cohort: [0, 1],
  counted: [0, 1],
  seconds: 2,
  bytesUp: 100,
  bytesDown: 30,
  firstLoss: null,
  lastLoss: null,
  evaluations: [],
  ...change,
});
const evaluation = (round: number, results: EvaluationResult[]): Evaluation => ({
  stage: "train",
  round,
  numAnswered: 2,
  coverage: 1,
  results,
});
// 8 of 10 right: precision and recall of class 1 are 3/4 and 3/4
const confusion = [
  [5, 1],
  [1, 3],
];
const test1: EvaluationResult = { protocol: "global", split: "test", confusion, lossSum: 7 };

test("a point's cost is that of all steps before it but evaluations, Stages A and B included", () => {
  const steps = [
    step(1, "score", { stage: "score", seconds: 5, bytesUp: 7 }),
    step(1, "train", { stage: "count" }),
    step(1, "train"),
    step(1, "evaluate", { bytesUp: 1000 }),
    step(2, "train"),
    step(2, "evaluate"),
  ];
  const curve = curveOf(steps, [evaluation(1, [test1]), evaluation(2, [test1])], "accuracy");
  expect(curve.map(({ round, seconds, bytesUp, bytesDown }) => [round, seconds, bytesUp, bytesDown])).toEqual([
    [1, 9, 207, 90],
    [2, 11, 307, 120],
  ]);
});

test("what an evaluation fetched for a later step costs that step, and the points after it", () => {
  const steps = [
    step(1, "train"),
    step(1, "evaluate", { bytesUp: 1000, bytesDown: 900 }),
    step(2, "train", { fetchedBefore: { up: 3, down: 700 } }),
    step(2, "evaluate"),
  ];
  const curve = curveOf(steps, [evaluation(1, [test1]), evaluation(2, [test1])], "accuracy");
  expect(curve.map(({ round, bytesUp, bytesDown }) => [round, bytesUp, bytesDown])).toEqual([
    [1, 100, 30],
    [2, 203, 760],
  ]);
});

test("a point has the task's metric beside accuracy, macro F1 and the mean loss", () => {
  const [point] = curveOf([step(1, "evaluate")], [evaluation(1, [test1])], "meanOfAccuracyAndF1");
  expect(point).toMatchObject({ score: (0.8 + 0.75) / 2, accuracy: 0.8, loss: 0.7, coverage: 1, protocol: "global", split: "test" });
  expect(point?.macroF1).toBeCloseTo((10 / 12 + 0.75) / 2, 9);
});

test("a split without examples is no point", () => {
  const empty: EvaluationResult = {
    ...test1,
    split: "validation",
    protocol: "personalised",
    confusion: [
      [0, 0],
      [0, 0],
    ],
    lossSum: 0,
  };
  expect(curveOf([step(1, "evaluate")], [evaluation(1, [empty, test1])], "accuracy")).toHaveLength(1);
});

test("the best round is the earliest with the highest global score on validation, and no evaluation before the first round counts", () => {
  const of = (right: number): number[][] => [
    [right, 0],
    [10 - right, 0],
  ];
  const at = (round: number, validation: number, tested: number) =>
    evaluation(round, [
      { ...test1, split: "validation", confusion: of(validation) },
      { ...test1, confusion: of(tested) },
      { ...test1, protocol: "zeroShot", confusion: of(9) },
    ]);
  const steps = [step(1, "evaluate", { stage: "score" }), ...[2, 3, 4].map((round) => step(round, "evaluate"))];
  const curve = curveOf(steps, [at(1, 9, 1), at(2, 5, 2), at(3, 7, 3), at(4, 7, 4)], "accuracy");
  const best = bestOnValidation(curve);
  expect([best?.round, best?.score]).toEqual([3, 0.7]);
  expect(testScores(curve, 3)).toEqual({ global: { score: 0.3, accuracy: 0.3, macroF1: expect.any(Number), loss: 0.7, numTexts: 10 } });
  expect(testScores(curve, null).global?.score).toBe(0.4);
  expect(bestOnValidation([])).toBeNull();
});
