import { expect, test } from "vitest";
import { createRandom } from "../../random.ts";
import { rankShare, rankTable, type ScoredMatrix } from "./rankTable.ts";

/** The largest Σ score · rankShare(rank) of all ways to give ranks within the budget. */
function bestOfAll(matrices: readonly ScoredMatrix[], ranks: readonly number[], budget: number): number {
  const [first, ...others] = matrices;
  if (first === undefined) return 0;
  return Math.max(
    ...[0, ...ranks].map((rank) => {
      const left = budget - rank * first.valuesPerRank;
      return left < 0 ? Number.NEGATIVE_INFINITY : first.score * rankShare(rank) + bestOfAll(others, ranks, left);
    }),
  );
}

test("a matrix's share grows by 1/c with its component c", () => {
  expect([0, 1, 2, 4].map(rankShare)).toEqual([0, 1, 1.5, 1 + 1 / 2 + 1 / 3 + 1 / 4]);
});

test("the ranks of a small case are those found by hand", () => {
  // budget 60: rank 2 costs 20, 40 and 40. Both of 2 + 1.5 · 3 … : a at 4 (2.0833 · 5 = 10.42) and nothing else, or a and b at 2 (7.5 + 4.5 = 12)
  const matrices = [
    { name: "a", valuesPerRank: 10, score: 5 },
    { name: "b", valuesPerRank: 20, score: 3 },
    { name: "c", valuesPerRank: 20, score: 2 },
  ];
  const best = rankTable(matrices, [2, 4]).best(60);
  expect(best).toEqual({ score: 12, numValues: 60, ranks: [2, 2, 0] });
  expect(rankTable(matrices, [2, 4]).best(19)).toBeNull();
  expect(rankTable(matrices, [2, 4]).best(20)?.ranks).toEqual([2, 0, 0]);
  expect(rankTable(matrices, [2, 4]).best(Number.POSITIVE_INFINITY)?.ranks).toEqual([4, 4, 4]);
});

test("a rank above a matrix's own counts as that one, in cost and in score", () => {
  const matrices = [
    { name: "a", valuesPerRank: 10, score: 5, maxRank: 3 },
    { name: "b", valuesPerRank: 20, score: 3 },
  ];
  expect(rankTable(matrices, [2, 4]).best(70)).toEqual({ score: 5 * (1 + 1 / 2 + 1 / 3) + 3 * 1.5, numValues: 70, ranks: [3, 2] });
});

test("for any scores, sizes and budget the ranks are as good as an exhaustive search's, and keep to the budget", () => {
  const draw = createRandom(11).stream({ purpose: "cases" });
  let numCut = 0;
  for (let round = 0; round < 300; round++) {
    const matrices = Array.from({ length: 1 + draw.integer(5) }, (_, j) => ({
      name: `m${j}`,
      valuesPerRank: 1 + draw.integer(40),
      score: draw.uniform(),
    }));
    const ranks = [[1, 2, 4], [2, 3, 8], [4]][draw.integer(3)];
    const budget = draw.integer(600);
    const found = rankTable(matrices, ranks).best(budget);
    const best = bestOfAll(matrices, ranks, budget);
    expect(found?.score ?? 0).toBeCloseTo(best, 12);
    const numValues = (found?.ranks ?? []).reduce((sum, rank, j) => sum + rank * matrices[j].valuesPerRank, 0);
    expect(found?.numValues ?? 0).toBe(numValues);
    expect(numValues).toBeLessThanOrEqual(budget);
    if (found?.ranks.some((rank) => rank < Math.max(...ranks))) numCut += 1;
  }
  expect(numCut).toBeGreaterThan(100); // the budget decided in these
});

test("where costs have no common divisor, a table of bounded size still keeps to the budget and loses next to nothing", () => {
  const matrices = Array.from({ length: 40 }, (_, j) => ({ name: `m${j}`, valuesPerRank: 9973 + 2 * j, score: 1 + (j % 7) }));
  const budget = 2_000_000;
  const best = rankTable(matrices, [2, 4, 8, 16]).best(budget);
  expect(best?.numValues).toBeLessThanOrEqual(budget);
  expect(best?.numValues).toBeGreaterThan(0.97 * budget);
});
