import { createRandom } from "@tutti/core";
import { expect, test } from "vitest";
import { pairedBootstrap, shareOfRight } from "./bootstrap.ts";

const stream = () => createRandom(7).stream({ purpose: "bootstrap" });

test("the interval is that of the normal approximation where there are many rows", () => {
  // 400 rows: the first alone right in 60, the second alone in 20, so the difference is 0.1
  const first = "1".repeat(260) + "0".repeat(20) + "0".repeat(120);
  const second = "1".repeat(200) + "0".repeat(60) + "1".repeat(20) + "0".repeat(120);
  const { difference, low, high, isTie, numRows } = pairedBootstrap([first], [second], stream());
  expect(difference).toBeCloseTo(0.1, 12);
  expect([isTie, numRows]).toEqual([false, 400]);
  // variance of a row's gain: 80/400 − 0.1² = 0.19; 1.96 √(0.19 / 400) = 0.0427. 2,000 resamples leave the ends to about 0.003.
  expect(Math.abs(low - (0.1 - 0.0427))).toBeLessThan(0.005);
  expect(Math.abs(high - (0.1 + 0.0427))).toBeLessThan(0.005);
});

test("pairs count: the same two accuracies tie or not by which rows differ", () => {
  const second = "1".repeat(50) + "0".repeat(50);
  const better = "1".repeat(60) + "0".repeat(40); // right wherever the second is, and in ten more rows
  const shuffled = "0".repeat(40) + "1".repeat(60); // right in ten of the second's rows only
  expect(shareOfRight(better)).toBe(shareOfRight(shuffled));
  expect(pairedBootstrap([better], [second], stream()).isTie).toBe(false);
  expect(pairedBootstrap([shuffled], [second], stream()).isTie).toBe(true);
});

test("a row's value is its mean over the seeds, of which the sides may have different numbers", () => {
  const { difference } = pairedBootstrap(["1100", "1000"], ["0010"], stream());
  expect(difference).toBeCloseTo((1 + 0.5 + 0 + 0) / 4 - 1 / 4, 12);
});

test("equal sides tie at exactly 0, and the same stream gives the same interval", () => {
  expect(pairedBootstrap(["1101"], ["1101"], stream())).toEqual({ difference: 0, low: 0, high: 0, isTie: true, numRows: 4 });
  const run = () => pairedBootstrap(["1101011"], ["0101110"], stream());
  expect(run()).toEqual(run());
});

test("different rows, no rows and other characters are refused", () => {
  expect(() => pairedBootstrap(["110"], ["11"], stream())).toThrow("3 rows beside 2");
  expect(() => pairedBootstrap(["110", "11"], ["111"], stream())).toThrow("2 test rows where another has 3");
  expect(() => pairedBootstrap([], ["1"], stream())).toThrow("no test row");
  expect(() => pairedBootstrap(["12"], ["10"], stream())).toThrow('row 1 is "2"');
});
