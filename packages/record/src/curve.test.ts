import type { Evaluation, EvaluationResult, TextResult } from "@tutti/core";
import { expect, test } from "vitest";
import { bestOnValidation, curveOf, testScores } from "./curve.ts";
import type { StepRecord } from "./stepRecord.ts";
import { measureTexts } from "./textRecord.ts";

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

const texts = (
  protocol: "personalised" | "global" | "zeroShot",
  split: "validation" | "test",
  numRight: number,
  rougeLSum: number,
): TextResult => ({
  protocol,
  split,
  text: {
    numExamples: 4,
    numTokens: 50,
    numBytes: 200,
    numRightTokens: numRight,
    generated: split === "test" ? { numExamples: 3, numExact: 1, rougeLSum } : null,
  },
  lossSum: 75,
});

test("a point of a text task has its main score, the loss of a token, and what else was measured of its texts", () => {
  const [own, validation, chance] = curveOf(
    [step(1, "evaluate")],
    [evaluation(1, [texts("global", "test", 20, 1.2), texts("global", "validation", 10, 0), texts("zeroShot", "test", 5, 0.6)])],
    "rougeL",
  );
  expect(own).toMatchObject({ protocol: "global", split: "test", loss: 1.5, numTexts: 3 });
  expect(own?.score).toBeCloseTo(0.4, 12); // 1.2 of 3 generated answers
  expect(own?.text).toMatchObject({ lossPerByte: 0.375, tokenAccuracy: 0.4, numTokens: 50, numBytes: 200, numGenerated: 3 });
  expect(own?.text?.perplexityPerToken).toBeCloseTo(4.4816890703, 9); // e^1.5
  expect(own?.text?.perplexityPerByte).toBeCloseTo(1.4549914146, 9); // e^0.375
  expect(own?.text?.exactMatch).toBeCloseTo(1 / 3, 12);
  // answers are generated from test rows alone: 10 of 50 tokens
  expect(validation).toMatchObject({ split: "validation", score: 0.2, numTexts: 4 });
  expect(chance?.score).toBeCloseTo(0.2, 12);
  for (const point of [own, validation]) expect(point).not.toHaveProperty("accuracy");
});

test("the best round of a text task has the highest token accuracy on validation, and its score on the test split is the main one", () => {
  const at = (round: number, validation: number, rougeLSum: number) =>
    evaluation(round, [texts("global", "validation", validation, 0), texts("global", "test", 25, rougeLSum)]);
  const steps = [1, 2, 3].map((round) => step(round, "evaluate"));
  const curve = curveOf(steps, [at(1, 10, 1.5), at(2, 15, 0.75), at(3, 12, 1.2)], "rougeL");
  const best = bestOnValidation(curve);
  expect([best?.round, best?.score]).toEqual([2, 0.3]);
  expect(testScores(curve, 2).global).toMatchObject({ score: 0.25, loss: 1.5, numTexts: 3, text: { tokenAccuracy: 0.5 } });
  expect(testScores(curve, null).global?.score).toBeCloseTo(0.4, 12);
});

test("devices of a text task lie apart by the accuracy of their tokens, and the worst tenth is that of the lowest", () => {
  const byDevice = { deviceIds: [0, 1, 2], numRightTokens: [3, 8, 2], numTokens: [10, 20, 20], loss: [2, 1.25, 2.75] };
  const record = { ...measureTexts(texts("personalised", "test", 13, 1).text, 75), protocol: "personalised", split: "test" } as const;
  const steps = [step(1, "evaluate", { texts: [{ ...record, numDevices: 3, coverage: 1, byDevice }] })];
  const [point] = curveOf(steps, [evaluation(1, [texts("personalised", "test", 13, 1)])], "tokenAccuracy");
  expect(point).toMatchObject({
    score: 0.26,
    numTexts: 4,
    spread: { numDevices: 3, worstTenthAccuracy: 0.1, meanLoss: 2, worstTenthLoss: 2.75 },
  });
  expect(point?.spread?.meanAccuracy).toBeCloseTo((0.3 + 0.4 + 0.1) / 3, 12);
});

test("a text task's main score is measured where answers were generated, and nowhere else", () => {
  const without = { ...texts("global", "test", 20, 0), text: { ...texts("global", "test", 20, 0).text, generated: null } };
  expect(curveOf([step(1, "evaluate")], [evaluation(1, [without])], "rougeL")).toEqual([]);
  expect(curveOf([step(1, "evaluate")], [evaluation(1, [without])], "tokenAccuracy")).toMatchObject([{ score: 0.4, numTexts: 4 }]);
});
