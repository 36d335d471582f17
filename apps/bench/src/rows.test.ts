import { expect, test } from "vitest";
import { median, row } from "./rows.ts";

test("the median is the middle value, or the mean of the two in the middle", () => {
  expect(median([7, 1, 3])).toBe(3);
  expect(median([7, 1, 3, 4])).toBe(3.5);
});

test("a goal holds at its edge", () => {
  expect(row("a", 240, "s", { atMost: 240 })).toEqual({ name: "a", value: 240, unit: "s", goal: "≤ 240", holds: true });
  expect(row("a", 0.63999, "", { atLeast: 0.64 }).holds).toBe(false);
  expect(row("a", 3, "ms").holds).toBeNull();
});
