import fc from "fast-check";
import { expect, test } from "vitest";
import { portableExp, portableLog } from "./portableMath.ts";

const closeness = 3e-16; // one unit in the last place is at most 2.2e-16

test("the logarithm is that of the engine within a unit in the last place", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e300, minExcluded: true, noNaN: true }), (x) => {
      expect(Math.abs(portableLog(x) - Math.log(x))).toBeLessThanOrEqual(closeness * Math.abs(Math.log(x)));
    }),
    { numRuns: 500 },
  );
});

test("the exponential is that of the engine within a unit in the last place", () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 709, noNaN: true }), (x) => {
      expect(Math.abs(portableExp(x) / Math.exp(x) - 1)).toBeLessThanOrEqual(closeness);
    }),
    { numRuns: 500 },
  );
});

test("special values", () => {
  expect(portableLog(1)).toBe(0);
  expect(portableLog(0)).toBe(Number.NEGATIVE_INFINITY);
  expect(portableLog(5e-324)).toBeCloseTo(Math.log(5e-324), 12);
  expect(portableExp(0)).toBe(1);
  expect(portableExp(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(portableExp(-744)).toBeGreaterThan(0);
  expect(portableExp(710)).toBe(Number.POSITIVE_INFINITY);
  expect(() => portableLog(-1)).toThrow("received -1");
  expect(() => portableLog(Number.NaN)).toThrow("received NaN");
});
