import fc from "fast-check";
import { expect, test } from "vitest";
import { createTensor, type Tensor } from "../params.ts";
import { createRandom } from "../random.ts";
import { denseSum, randomTerm } from "../testing/lowRank.ts";
import { addToResidual, missingFrom, type Residual, residualBytes, stackedFactors } from "./residual.ts";
import type { LowRankTerm } from "./terms.ts";

const tensor = (shape: readonly number[], values: readonly number[]): Tensor => createTensor(shape, Float32Array.from(values));

function valuesOf(residual: Residual | null, size: number): number[] {
  if (residual === null) return Array(size).fill(0);
  return [...(residual.kind === "dense" ? residual.values.data : denseSum([{ weight: 1, ...residual }]).data)];
}

/** One device of a quarter of the examples and one of three. */
const trained: readonly LowRankTerm[] = [
  { weight: 0.25, b: tensor([3, 1], [4, 0, 8]), a: tensor([1, 3], [1, 2, 0]) },
  { weight: 0.75, b: tensor([3, 1], [0, 4, 0]), a: tensor([1, 3], [1, -2, 4]) },
];
/** 0.25 · (4, 0, 8)ᵀ (1, 2, 0) + 0.75 · (0, 4, 0)ᵀ (1, −2, 4). */
const meanOfProducts = [1, 2, 0, 3, -6, 12, 2, 4, 0];

test("a round of FedEx-LoRA: the product of the means and the residual are the mean of the products", () => {
  const sent = { b: tensor([3, 1], [1, 3, 2]), a: tensor([1, 3], [1, -1, 3]) }; // the means, weighted
  const residual = addToResidual(null, missingFrom(sent, trained));
  // the mean of the products − (1, 3, 2)ᵀ (1, −1, 3)
  const missing = [0, 3, -3, 0, -3, 3, 0, 6, -6];
  for (const [i, value] of valuesOf(residual, 9).entries()) expect(value).toBeCloseTo(missing[i], 5);
  // (1, −1, 2)ᵀ (0, 3, −3): rank 1, which takes 6 values where the matrix has 9
  expect(residual?.kind).toBe("factors");
  expect(residual === null ? 0 : residualBytes(residual)).toBe(4 * 6);
});

test("what rounding takes from the factors on their way is in the residual", () => {
  const sent = { b: tensor([3, 1], [1.1, 2.9, 2]), a: tensor([1, 3], [1, -1.2, 3]) };
  const residual = valuesOf(addToResidual(null, missingFrom(sent, trained)), 9);
  const product = denseSum([{ weight: 1, ...sent }]).data;
  for (const [i, value] of residual.entries()) expect(value + product[i]).toBeCloseTo(meanOfProducts[i], 5);
});

test("a round of FLoRA: the stacked factors' product is the mean of the products, and it goes into the residual", () => {
  const { a, b } = stackedFactors(trained);
  expect([b.shape, a.shape]).toEqual([
    [3, 2],
    [2, 3],
  ]);
  expect([...b.data]).toEqual([4, 0, 0, 4, 8, 0]);
  expect([...a.data]).toEqual([0.25, 0.5, 0, 0.75, -1.5, 3]);
  expect([...denseSum([{ weight: 1, a, b }]).data]).toEqual(meanOfProducts);
  const residual = addToResidual(null, [{ weight: 1, a, b }]);
  expect(residual?.kind).toBe("dense"); // rank 2 would take 12 values, the matrix has 9
  for (const [i, value] of valuesOf(residual, 9).entries()) expect(value).toBeCloseTo(meanOfProducts[i], 5);
});

test("round by round it is the sum of all parts, as factors below the rank mn / (m + n) and dense from then on", () => {
  const rounds = fc.record({
    seed: fc.nat(),
    numRows: fc.integer({ min: 1, max: 12 }),
    numColumns: fc.integer({ min: 1, max: 12 }),
    numRounds: fc.integer({ min: 1, max: 6 }),
  });
  fc.assert(
    fc.property(rounds, ({ seed, numRows, numColumns, numRounds }) => {
      const random = createRandom(seed).stream({ purpose: "test" });
      let residual: Residual | null = null;
      const all: LowRankTerm[] = [];
      for (let round = 1; round <= numRounds; round++) {
        const term = randomTerm(random, { numRows, numColumns, rank: 1, weight: 0.5 });
        all.push(term);
        residual = addToResidual(residual, [term]);
        const rank = Math.min(round, numRows, numColumns);
        expect(residual?.kind).toBe(rank < (numRows * numColumns) / (numRows + numColumns) ? "factors" : "dense");
        if (residual?.kind === "factors") expect(residual.a.shape[0]).toBe(rank);
        if (residual !== null) expect(residualBytes(residual)).toBeLessThanOrEqual(4 * numRows * numColumns);
      }
      const expected = denseSum(all).data;
      const size = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0));
      for (const [i, value] of valuesOf(residual, expected.length).entries()) {
        expect(Math.abs(value - expected[i])).toBeLessThan(1e-5 * size); // f32
      }
    }),
    { numRuns: 60 },
  );
});

test("parts that take each other away leave nothing", () => {
  const [one] = trained;
  expect(addToResidual(null, [one, { ...one, weight: -0.25 }])).toBeNull();
});
