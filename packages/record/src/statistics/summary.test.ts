import { expect, test } from "vitest";
import { summarise } from "./summary.ts";

test("the standard deviation is that of a sample", () => {
  // mean 5; squared distances 9, 1, 16, 36, 36: 98 over 4
  expect(summarise([2, 4, 9, 11, -1])).toEqual({ mean: 5, stdDev: Math.sqrt(98 / 4), count: 5 });
  expect(summarise([0.7, 0.73, 0.79])?.stdDev).toBeCloseTo(0.0458258, 6); // mean 0.74: 16, 1, 25 · 1e-4 over 2
});

test("one value has no standard deviation, and none has no mean", () => {
  expect(summarise([0.61])).toEqual({ mean: 0.61, stdDev: null, count: 1 });
  expect(summarise([])).toBeNull();
});
