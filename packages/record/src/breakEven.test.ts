import { expect, test } from "vitest";
import { breakEvenRound, expectedBreakEvenRound } from "./breakEven.ts";

test("the round is the first whose summed savings reach the cost of stages A and B", () => {
  // savings 70, 50, 70: sums 70, 120, 190
  const rounds = [
    { selected: 30, allLayers: 100 },
    { selected: 30, allLayers: 80 },
    { selected: 30, allLayers: 100 },
  ];
  expect(breakEvenRound(70, rounds)).toBe(1);
  expect(breakEvenRound(71, rounds)).toBe(2);
  expect(breakEvenRound(120, rounds)).toBe(2);
  expect(breakEvenRound(121, rounds)).toBe(3);
  expect(breakEvenRound(191, rounds)).toBeNull();
});

test("when every layer travels nothing is ever paid back", () => {
  const rounds = [{ selected: 100, allLayers: 100 }];
  expect(breakEvenRound(5, rounds)).toBeNull();
  expect(expectedBreakEvenRound(5, rounds)).toBeNull();
});

test("beyond the run the mean saving is carried on", () => {
  // savings 20 and 40, mean 30: 100 / 30 = 3.33, so round 4
  const rounds = [
    { selected: 80, allLayers: 100 },
    { selected: 60, allLayers: 100 },
  ];
  expect(expectedBreakEvenRound(100, rounds)).toBe(4);
});
