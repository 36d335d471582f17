import { expect, test } from "vitest";
import { interleave, medianRatio } from "./contest.ts";

/** A clock that only the contestants move. */
function contest(durations: readonly (readonly number[])[]) {
  let time = 100;
  const turns = durations.map(() => 0);
  const order: number[] = [];
  const contestants = durations.map((list, i) => async () => {
    order.push(i);
    time += list[Math.min(turns[i]++, list.length - 1)];
  });
  return { contestants, order, now: () => time };
}

test("contestants take turns, and the round that compiles is not counted", async () => {
  const { contestants, order, now } = contest([
    [900, 7, 5],
    [800, 20, 30],
  ]);
  const times = await interleave(contestants, { minRounds: 2, maxRounds: 2, budgetMs: 1, now });
  expect(times).toEqual([
    [7, 5],
    [20, 30],
  ]);
  expect(order).toEqual([0, 1, 0, 1, 0, 1]);
});

test("no round begins that would not end in time, once there are enough", async () => {
  const { contestants, now } = contest([[10], [30]]);
  expect((await interleave(contestants, { minRounds: 1, maxRounds: 50, budgetMs: 210, now }))[0]).toHaveLength(5);
  expect((await interleave(contestants, { minRounds: 6, maxRounds: 50, budgetMs: 210, now }))[0]).toHaveLength(6);
});

test("a ratio is taken within each round, so that a slow round does not count for one side", () => {
  expect(medianRatio([30, 90, 28], [10, 30, 14])).toBe(3);
  expect(medianRatio([30, 80], [10, 20])).toBe(3.5);
});
