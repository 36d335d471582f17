import { expect, test } from "vitest";
import { roundedRows } from "./roundedRows.ts";

test.each([
  [1, 32],
  [32, 32],
  [33, 64],
  [288, 288],
  [511, 512],
  [513, 576],
  [1025, 1152],
  [4000, 4096],
])("%i rows become %i", (numRows, expected) => {
  expect(roundedRows(numRows)).toBe(expected);
});

test("from 256 rows on at most an eighth is added, and up to 4,096 there are 40 sizes", () => {
  const counts = Array.from({ length: 4096 }, (_, i) => i + 1);
  for (const count of counts.slice(255)) expect(roundedRows(count)).toBeLessThanOrEqual(1.125 * count);
  expect(new Set(counts.map(roundedRows)).size).toBe(40);
});
