import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { denseSum, normOf, randomTerm } from "../testing/lowRank.ts";
import { productNorm } from "./productNorm.ts";

test("the norm of a product is that of its values, though it is not formed", () => {
  const random = createRandom(5).stream({ purpose: "terms" });
  for (const rank of [1, 3, 4]) {
    const term = randomTerm(random, { numRows: 7, numColumns: 5, rank, weight: 1 });
    const dense = normOf(denseSum([term]));
    expect(Math.abs(productNorm(term) - dense) / dense).toBeLessThan(1e-12); // float64 of a few dozen products
  }
});

test("a product of 0 has the norm 0", () => {
  const term = randomTerm(createRandom(5).stream({ purpose: "terms" }), { numRows: 7, numColumns: 5, rank: 2, weight: 1 });
  expect(productNorm({ ...term, b: { shape: [7, 2], data: new Float32Array(14) } })).toBe(0);
});
