import { expect, test } from "vitest";
import { claimLimit, countedExamples } from "./countedExamples.ts";

test("a claimed number counts up to the run's limit, and without a limit as it is", () => {
  expect(countedExamples(7, { roster: "open", maxCountedExamples: 20 })).toBe(7);
  expect(countedExamples(20, { roster: "open", maxCountedExamples: 20 })).toBe(20);
  expect(countedExamples(1_000_000, { roster: "open", maxCountedExamples: 20 })).toBe(20);
  expect(countedExamples(1_000_000, { roster: "open" })).toBe(1_000_000);
});

test("in a fixed roster the numbers are known, and no limit holds", () => {
  expect(countedExamples(300, { roster: "fixed", maxCountedExamples: 20 })).toBe(300);
  expect(claimLimit({ roster: "fixed", maxCountedExamples: 20 })).toBeNull();
});
