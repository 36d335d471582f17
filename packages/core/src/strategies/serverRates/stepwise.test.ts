import { expect, test } from "vitest";
import { stepwise } from "./stepwise.ts";

test("the rate falls by its factor after each `period` of rounds, and not before", () => {
  const factors = [1, 2, 3, 4, 6, 7, 8].map((round) =>
    stepwise.factor({ name: "stepwise", every: 3, decay: 0.5 }, { round, numRounds: 9 }),
  );
  expect(factors).toEqual([1, 1, 1, 0.5, 0.5, 0.25, 0.25]);
});

test("a run shorter than the first stretch keeps its rate, and one without decay does for ever", () => {
  expect(stepwise.factor(stepwise.defaults, { round: 10, numRounds: 10 })).toBe(1);
  expect(stepwise.factor({ name: "stepwise", every: 1, decay: 1 }, { round: 999, numRounds: 1000 })).toBe(1);
});
