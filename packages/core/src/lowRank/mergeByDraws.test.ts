import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { denseOf, denseSum, distance, normOf, randomTerm, skewness } from "../testing/lowRank.ts";
import { mergeLowRank } from "./merge.ts";
import { mergeByDraws } from "./mergeByDraws.ts";
import type { LowRankTerm } from "./terms.ts";
import { truncationError } from "./truncate.ts";

const stream = (seed: number) => createRandom(seed).stream({ purpose: "merge" });

/** Many parts that are alike but for what each adds, as devices' changes are. */
function alikeTerms(seed: number, { numTerms, ownShare }: { numTerms: number; ownShare: number }): LowRankTerm[] {
  const random = createRandom(seed).stream({ purpose: "parts" });
  const size = { numRows: 30, numColumns: 24 };
  const common = randomTerm(random, { ...size, rank: 4, weight: 1 });
  return Array.from({ length: numTerms }, (): LowRankTerm => {
    const own = randomTerm(random, { ...size, rank: 4, weight: 1 });
    const mixed = (x: LowRankTerm["a"], y: LowRankTerm["a"]) => ({ ...x, data: x.data.map((value, i) => value + ownShare * y.data[i]) });
    return { weight: 1 / numTerms, b: mixed(common.b, own.b), a: mixed(common.a, own.a) };
  });
}

test("a sum whose rank is no higher than the one asked for is found whole, and its error is 0", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = createRandom(seed).stream({ purpose: "parts" });
      const terms = [3, 2].map((rank) => randomTerm(random, { numRows: 30, numColumns: 24, rank, weight: 0.5 }));
      const { svd, relativeError } = mergeByDraws(terms, { rank: 5, random: stream(seed) });
      const dense = denseSum(terms);
      expect(distance(denseOf(svd), dense)).toBeLessThan(1e-10 * normOf(dense));
      expect(relativeError).toBeLessThan(1e-10);
      expect(Math.max(skewness(svd.left), skewness(svd.right))).toBeLessThan(1e-12);
    }),
    { numRuns: 20 },
  );
});

test("of parts that are alike it finds nearly the nearest matrix of the rank, and the error that it says is the true one", () => {
  for (const seed of [1, 2, 3]) {
    const terms = alikeTerms(seed, { numTerms: 40, ownShare: 0.2 });
    const dense = denseSum(terms);
    const { svd, relativeError } = mergeByDraws(terms, { rank: 4, random: stream(seed) });
    const truth = distance(denseOf(svd), dense) / normOf(dense);
    const best = truncationError(4, mergeLowRank(terms, 4).values);
    expect(truth).toBeGreaterThan(0.001);
    expect(truth).toBeLessThan(1.01 * best);
    // a mean over 16 draws: its deviation is below √(2/16)/2 = 18 % of the error, less as the rest has many directions
    expect(Math.abs(relativeError / truth - 1)).toBeLessThan(0.2);
  }
});

test("the same seed gives the same bits, and another one other directions", () => {
  const terms = alikeTerms(7, { numTerms: 10, ownShare: 1 });
  const [one, same, other] = [5, 5, 6].map((seed) => mergeByDraws(terms, { rank: 3, random: stream(seed), powerSteps: 0 }));
  expect(same).toEqual(one);
  expect(other.svd.values).not.toEqual(one.svd.values);
});

test("more steps towards the largest values bring it nearer", () => {
  const terms = alikeTerms(8, { numTerms: 20, ownShare: 2 });
  const errors = [0, 1, 3].map((powerSteps) => {
    const { svd } = mergeByDraws(terms, { rank: 4, random: stream(1), powerSteps, oversampling: 2 });
    return distance(denseOf(svd), denseSum(terms));
  });
  expect(errors[1]).toBeLessThan(errors[0]);
  expect(errors[2]).toBeLessThan(errors[1]);
});

test("nothing but zeros has the error 0, and a rank above the matrix's size is refused", () => {
  const terms = alikeTerms(9, { numTerms: 2, ownShare: 1 }).map((term) => ({ ...term, weight: 0 }));
  expect(mergeByDraws(terms, { rank: 4, random: stream(1) }).relativeError).toBe(0);
  expect(() => mergeByDraws(terms, { rank: 25, random: stream(1) })).toThrow(
    "the merged matrix: rank 25 of a 30 × 24 matrix, expected a whole number from 1 to 24: lower the rank",
  );
});
