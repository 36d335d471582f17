import fc from "fast-check";
import { expect, test } from "vitest";
import { createTensor, type Tensor } from "../params.ts";
import { createRandom } from "../random.ts";
import { denseOf, denseSum, distance, normOf, randomTerm, skewness } from "../testing/lowRank.ts";
import { jacobiSvd } from "./jacobiSvd.ts";
import type { Matrix } from "./matrix.ts";
import { mergeLowRank } from "./merge.ts";
import type { LowRankTerm } from "./terms.ts";
import { type LowRankFactors, truncateTo, truncationError } from "./truncate.ts";

const tensor = (shape: readonly number[], values: readonly number[]): Tensor => createTensor(shape, Float32Array.from(values));

/** 0.75 · (2, 0, 0)ᵀ (0, 4) + 0.25 · (0, 0, 8)ᵀ (−1, 0) = 0, 6 / 0, 0 / −2, 0. */
const two: readonly LowRankTerm[] = [
  { weight: 0.75, b: tensor([3, 1], [2, 0, 0]), a: tensor([1, 2], [0, 4]) },
  { weight: 0.25, b: tensor([3, 1], [0, 0, 8]), a: tensor([1, 2], [-1, 0]) },
];

function productOf({ a, b }: LowRankFactors): Matrix {
  return denseSum([{ weight: 1, a, b }]);
}

test("two parts computed by hand have the values 6 and 2, and the part of rank 1 that is left is 0, 6 / 0, 0 / 0, 0", () => {
  const merged = mergeLowRank(two, 2);
  expect(merged.values[0]).toBeCloseTo(6, 13);
  expect(merged.values[1]).toBeCloseTo(2, 13);
  const [whole, first] = [truncateTo(2, merged), truncateTo(1, merged)];
  for (const [i, value] of [0, 6, 0, 0, -2, 0].entries()) expect(productOf(whole).data[i]).toBeCloseTo(value, 6); // f32
  for (const [i, value] of [0, 6, 0, 0, 0, 0].entries()) expect(productOf(first).data[i]).toBeCloseTo(value, 6);
  expect([first.b.shape, first.a.shape]).toEqual([
    [3, 1],
    [1, 2],
  ]);
  expect(truncationError(1, merged.values)).toBeCloseTo(2 / Math.sqrt(40), 13);
  expect(truncationError(2, merged.values)).toBe(0);
});

const cases = fc.record({
  seed: fc.nat(),
  numRows: fc.integer({ min: 1, max: 14 }),
  numColumns: fc.integer({ min: 1, max: 14 }),
  ranks: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
  weights: fc.array(
    fc.integer({ min: -128, max: 128 }).map((value) => value / 64),
    { minLength: 6, maxLength: 6 },
  ),
});

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function termsOf({ seed, numRows, numColumns, ranks, weights }: Case): LowRankTerm[] {
  const random = createRandom(seed).stream({ purpose: "test" });
  const most = Math.min(numRows, numColumns);
  return ranks.map((rank, i) => randomTerm(random, { numRows, numColumns, rank: Math.min(rank, most), weight: weights[i] }));
}

test("merging mixed ranks equals the dense route to 1e-10: values, sum, and what is left of each rank", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const terms = termsOf(given);
      const dense = denseSum(terms);
      const scale = 1e-10 * (1e-200 + normOf(dense));
      const [reference, merged] = [jacobiSvd(dense), mergeLowRank(terms, Math.min(given.numRows, given.numColumns))];
      for (const [i, value] of reference.values.entries()) {
        expect(Math.abs((merged.values[i] ?? 0) - value)).toBeLessThanOrEqual(scale);
      }
      expect(distance(denseOf(merged), dense)).toBeLessThanOrEqual(scale);
      expect(Math.max(skewness(merged.left), skewness(merged.right))).toBeLessThan(1e-12);
      for (let rank = 1; rank < reference.values.length; rank++) {
        if (reference.values[rank - 1] - reference.values[rank] < 1e-3 * reference.values[0]) continue; // not one nearest matrix but many
        const parts = [reference, mergeLowRank(terms, rank)].map(({ values, left, right }) =>
          denseOf({ values, left: { ...left, numRows: Math.min(rank, left.numRows) }, right }),
        );
        expect(distance(parts[0], parts[1])).toBeLessThanOrEqual(scale);
      }
    }),
  );
});

test("what truncation leaves out is what its error says, and no more is left out of a rank that holds all", () => {
  fc.assert(
    fc.property(cases, fc.nat(), (given, draw) => {
      const terms = termsOf(given);
      const dense = denseSum(terms);
      const most = Math.min(given.numRows, given.numColumns);
      const rank = 1 + (draw % most);
      const merged = mergeLowRank(terms, rank);
      const found = distance(productOf(truncateTo(rank, merged)), dense);
      const expected = truncationError(rank, merged.values) * normOf(dense);
      expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-5 * normOf(dense)); // the factors are f32
    }),
  );
});

test("equal parts give that part, whatever their number, and the order of parts makes no difference", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const terms = termsOf(given).map((term) => ({ ...term, weight: Math.abs(term.weight) }));
      const scale = 1e-10 * (1e-200 + normOf(denseSum(terms)));
      const rank = Math.min(given.numRows, given.numColumns);
      expect(distance(denseOf(mergeLowRank(terms, rank)), denseOf(mergeLowRank([...terms].reverse(), rank)))).toBeLessThanOrEqual(scale);
      const [one] = terms;
      const thirds = [0.5, 0.25, 0.25].map((weight) => ({ ...one, weight }));
      const alone = mergeLowRank([{ ...one, weight: 1 }], rank);
      expect(distance(denseOf(mergeLowRank(thirds, rank)), denseOf(alone))).toBeLessThanOrEqual(1e-10 * normOf(denseOf(alone)));
    }),
  );
});

test("a rank above what the parts hold keeps the sum, with rows of a that can learn and columns of b that are 0", () => {
  const factors = truncateTo(2, mergeLowRank([two[0]], 2));
  for (const [i, value] of [0, 6, 0, 0, 0, 0].entries()) expect(productOf(factors).data[i]).toBeCloseTo(value, 6);
  const rows = { numRows: 2, numColumns: 2, data: Float64Array.from(factors.a.data) };
  expect(skewness(rows)).toBeLessThan(1e-6);
  expect([1, 3, 5].map((place) => factors.b.data[place])).toEqual([0, 0, 0]);
  const nothing = truncateTo(2, mergeLowRank([{ ...two[0], weight: 0 }], 2));
  expect([...nothing.b.data]).toEqual([0, 0, 0, 0, 0, 0]);
  expect(Math.abs(nothing.a.data[0] * nothing.a.data[3] - nothing.a.data[1] * nothing.a.data[2])).toBeCloseTo(1, 6);
});

test("parts that do not fit, ranks above the matrix's size and values that are not finite are told in a sentence", () => {
  const [one, other] = two;
  const flawed = (changes: Partial<LowRankTerm>) => () => mergeLowRank([one, { ...other, ...changes }], 1);
  expect(() => mergeLowRank([], 1)).toThrow("low-rank sum: no parts, expected at least one");
  expect(flawed({ a: tensor([2, 1], [1, 2]) })).toThrow("part 1: b [3,1] times a [2,1], expected b (m, rank) and a (rank, n) of one rank");
  expect(flawed({ a: tensor([1, 3], [1, 2, 3]) })).toThrow("part 1: b [3,1] times a [1,3], expected a 3 × 2 matrix as in part 0");
  expect(flawed({ b: tensor([3, 3], Array(9).fill(1)), a: tensor([3, 2], Array(6).fill(1)) })).toThrow(
    "part 1: rank 3 of a 3 × 2 matrix, expected a whole number from 1 to 2: lower the rank",
  );
  expect(flawed({ b: tensor([3, 1], [1, Number.NaN, 2]) })).toThrow("part 1, factor b: value 1 is NaN, expected finite numbers");
  expect(flawed({ a: tensor([1, 2], [1, Number.POSITIVE_INFINITY]) })).toThrow("part 1, factor a: value 1 is Infinity");
  expect(flawed({ weight: Number.NaN })).toThrow("part 1: weight NaN, expected a finite number");
  expect(() => mergeLowRank(two, 3)).toThrow("the merged matrix: rank 3 of a 3 × 2 matrix, expected a whole number from 1 to 2");
  expect(() => truncateTo(0, mergeLowRank(two, 1))).toThrow("truncateTo: rank 0 of a 3 × 2 matrix");
});

test("nothing that was handed in is changed", () => {
  const copy = structuredClone(two);
  truncateTo(1, mergeLowRank(two, 2));
  expect(two).toEqual(copy);
});
