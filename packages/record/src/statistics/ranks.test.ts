import fc from "fast-check";
import { expect, test } from "vitest";
import { averageRanks, spearman } from "./ranks.ts";

test("equal values share the mean of their ranks", () => {
  expect(averageRanks([30, 10, 20, 20, 50])).toEqual([4, 1, 2.5, 2.5, 5]);
});

test("without ties it is 1 − 6 Σd² / (n (n² − 1))", () => {
  // ranks 1 2 3 4 5 beside 2 1 4 3 5: Σd² = 4, 1 − 24 / 120
  expect(spearman([1, 2, 3, 4, 5], [20, 10, 40, 30, 500])).toBeCloseTo(0.8, 12);
});

test("with ties it is the correlation of the ranks", () => {
  // ranks 1, 2.5, 2.5, 4 beside 1, 2, 3, 4: products 4.5, spreads 4.5 and 5
  expect(spearman([1, 7, 7, 9], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
});

test("no order has no correlation", () => {
  expect(spearman([2, 2, 2], [1, 2, 3])).toBeNull();
  expect(spearman([2], [1])).toBeNull();
  expect(() => spearman([1, 2], [1])).toThrow("2 values beside 1");
});

test("only the order of the values counts, and turning one side round turns the sign", () => {
  const values = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 12 });
  fc.assert(
    fc.property(values, (first) => {
      const second = first.map((value, i) => value * (i % 3 === 0 ? -1 : 1));
      const rho = spearman(first, second);
      if (rho === null) return;
      expect(
        spearman(
          first.map((value) => Math.exp(value / 500)),
          second,
        ),
      ).toBeCloseTo(rho, 9);
      expect(
        spearman(
          first.map((value) => -value),
          second,
        ),
      ).toBeCloseTo(-rho, 9);
    }),
  );
});
