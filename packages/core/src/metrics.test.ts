import fc from "fast-check";
import { expect, test } from "vitest";
import { accuracy, classF1, confusionOf, macroF1, majorityShare, matthews, measure, mergeConfusions, numCounted } from "./metrics.ts";

const binary = [
  [50, 7], // true negatives, false positives
  [11, 32], // false negatives, true positives
];
const three = [
  [5, 2, 1],
  [0, 7, 3],
  [4, 0, 9],
];

test("rows are true classes and columns predictions", () => {
  const confusion = confusionOf([0, 0, 2, 1, 2], [0, 1, 2, 1, 0], 3);
  expect(confusion).toEqual([
    [1, 1, 0],
    [0, 1, 0],
    [1, 0, 1],
  ]);
  expect(numCounted(confusion)).toBe(5);
  expect(() => confusionOf([0, 3], [0, 0], 3)).toThrow("label 3 and prediction 0 must be classes 0 to 2");
  expect(() => confusionOf([0], [-1], 3)).toThrow("prediction -1");
  expect(() => confusionOf([0, 1], [0], 3)).toThrow("2 labels but 1 predictions");
});

test("two classes: accuracy, F1 and Matthews correlation by hand", () => {
  expect(accuracy(binary)).toBe(0.82);
  expect(classF1(binary, 1)).toBeCloseTo((2 * 32) / (2 * 32 + 7 + 11), 14);
  const expected = (32 * 50 - 7 * 11) / Math.sqrt((32 + 7) * (32 + 11) * (50 + 7) * (50 + 11));
  expect(matthews(binary)).toBeCloseTo(expected, 14);
  expect(majorityShare(binary)).toBe(0.57);
});

test("three classes: the generalised correlation and the mean F1 by hand", () => {
  // correct 21 of 31; true (8, 10, 13), predicted (9, 9, 13)
  expect(matthews(three)).toBeCloseTo((21 * 31 - (8 * 9 + 10 * 9 + 13 * 13)) / Math.sqrt((961 - 331) * (961 - 333)), 14);
  expect(macroF1(three)).toBeCloseTo((10 / 17 + 14 / 19 + 18 / 26) / 3, 14);
  expect(majorityShare(three)).toBeCloseTo(13 / 31, 14);
});

test("without examples every metric is null and not NaN", () => {
  const empty = mergeConfusions([], 2);
  for (const metric of ["accuracy", "macroF1", "matthews", "meanOfAccuracyAndF1"] as const) expect(measure(metric, empty)).toBeNull();
  expect(majorityShare(empty)).toBeNull();
});

test("a class that is absent has no F1 and does not lower the mean, a constant prediction correlates with nothing", () => {
  const constant = [
    [6, 0, 0],
    [2, 0, 0],
    [0, 0, 0],
  ];
  expect(classF1(constant, 2)).toBeNull();
  expect(macroF1(constant)).toBeCloseTo((12 / 14 + 0) / 2, 14);
  expect(matthews(constant)).toBe(0);
});

test("a task's metric is the one it names", () => {
  expect(measure("accuracy", binary)).toBe(0.82);
  expect(measure("matthews", binary)).toBe(matthews(binary));
  expect(measure("macroF1", three)).toBe(macroF1(three));
  expect(measure("meanOfAccuracyAndF1", binary)).toBeCloseTo((0.82 + 64 / 82) / 2, 14);
});

test("merging is pooling: the matrix of all predictions is the sum of the parts", () => {
  const examples = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 4 })));
  const matrixOf = (rows: readonly (readonly number[])[]) =>
    confusionOf(
      rows.map(([label]) => label),
      rows.map(([, prediction]) => prediction),
      3,
    );
  fc.assert(
    fc.property(examples, (rows) => {
      const parts = [0, 1, 2, 3, 4].map((device) => matrixOf(rows.filter(([, , owner]) => owner === device)));
      expect(mergeConfusions(parts, 3)).toEqual(matrixOf(rows));
    }),
    { numRuns: 30 },
  );
  expect(() => mergeConfusions([binary], 3)).toThrow("expected 3 × 3, found 2 × 2");
});

test("merging changes nothing that is handed in", () => {
  const copy = structuredClone(binary);
  mergeConfusions([binary, binary], 2);
  expect(binary).toEqual(copy);
});
