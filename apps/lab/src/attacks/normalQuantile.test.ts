import { expect, test } from "vitest";
import { normalCdf, normalQuantile } from "./normalQuantile.ts";

test("the normal distribution is that of the tables", () => {
  expect(normalCdf(0)).toBe(0.5);
  expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 12);
  expect(normalCdf(-3)).toBeCloseTo(0.0013498980316301035, 14);
  expect([normalCdf(-9), normalCdf(9)]).toEqual([0, 1]);
});

test("the quantile undoes the distribution", () => {
  expect(normalQuantile(0.9)).toBeCloseTo(1.2815515655446004, 10);
  for (const x of [-2.5, -0.3, 0.7, 3.1]) expect(normalQuantile(normalCdf(x))).toBeCloseTo(x, 9);
});
