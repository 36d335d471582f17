import { expect, test } from "vitest";
import { majorityScores } from "./controls.ts";

const labelled = (labels: readonly number[]) => labels.map((label) => ({ text: "x", label }));

test("the majority class is chosen on the training data and judged on the test data", () => {
  // class 1 is commonest in training; 2 of 5 test rows are of it: F1 2·(2/5)·1/(2/5+1) = 4/7, over the three classes that occur
  const scores = majorityScores({ train: labelled([1, 0, 1, 2, 1]), test: labelled([0, 1, 2, 1, 0]) }, 3);
  expect(scores?.accuracy).toBeCloseTo(0.4, 12);
  expect(scores?.macroF1).toBeCloseTo(4 / 21, 12);
});
