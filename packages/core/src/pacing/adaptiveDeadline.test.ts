import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { adaptedDeadline, median, medianDeviation } from "./adaptiveDeadline.ts";

const rule = { deadlineMs: 60_000, adaptiveDeadline: { deviations: 3, floorMs: 1500 } };

test("median and its deviation, by hand", () => {
  expect(median([7, 3, 12])).toBe(7);
  expect(median([7, 3, 12, 8])).toBe(7.5);
  expect(medianDeviation([7, 3, 12, 8, 30])).toBe(4); // from 8: 1, 5, 4, 0, 22
});

test("a deadline is the median and k deviations of what contributions took", () => {
  expect(adaptedDeadline(rule, [2000, 2600, 2200, 9000, 2100], 1)).toBe(2200 + 3 * 200); // from 2200: 200, 400, 0, 6800, 100
});

test("equal durations leave the floor, and few durations or no setting the run's own deadline", () => {
  expect(adaptedDeadline(rule, [20, 20, 20, 20, 20], 1)).toBe(1500);
  expect(adaptedDeadline(rule, [20, 20, 20, 20], 1)).toBe(60_000);
  expect(adaptedDeadline({ deadlineMs: 60_000 }, [20, 20, 20, 20, 20], 1)).toBe(60_000);
  expect(adaptedDeadline({ ...rule, deadlineMs: null }, [], 1)).toBeNull();
});

test("each further attempt has twice the time, up to the run's own deadline: a run whose devices slow down goes on", () => {
  const durations = [4000, 4000, 4000, 4000, 4000];
  expect([1, 2, 3, 4, 5, 900].map((attempt) => adaptedDeadline(rule, durations, attempt))).toEqual([
    4000, 8000, 16_000, 32_000, 60_000, 60_000,
  ]);
  expect(adaptedDeadline({ ...rule, deadlineMs: null }, durations, 5)).toBe(64_000);
});

test("the order of durations does not matter, slower ones never shorten a deadline, and fewer than half as outliers move it little", () => {
  const random = createRandom(3).stream({ purpose: "durations" });
  for (let i = 0; i < 200; i++) {
    const durations = Array.from({ length: 9 }, () => 1000 + random.integer(500));
    const one = adaptedDeadline(rule, durations, 1);
    expect(adaptedDeadline(rule, random.shuffle(durations), 1)).toBe(one);
    expect(
      adaptedDeadline(
        rule,
        durations.map((value) => value * 2),
        1,
      ) ?? 0,
    ).toBeGreaterThanOrEqual(one ?? 0);
    const outliers = durations.map((value, at) => (at < 4 ? 50_000 : value));
    expect(adaptedDeadline(rule, outliers, 1)).toBeLessThanOrEqual(1500 + 3 * 500 + 500);
  }
});
