import { expect, test } from "vitest";
import { shareOf } from "./laterShares.ts";
import { createRandom } from "./random.ts";

const sharesOf = (seed: number, count: number, numShares = 7) =>
  Array.from({ length: count }, (_, ordinal) => shareOf(ordinal, numShares, createRandom(seed)));

test("the first devices get the shares in turn, later ones each share once more before any is dealt again", () => {
  const dealt = sharesOf(42, 28);
  expect(dealt.slice(0, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  for (const turn of [7, 14, 21]) expect(dealt.slice(turn, turn + 7).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(new Set([0, 7, 14, 21].map((turn) => dealt.slice(turn, turn + 7).join(" "))).size).toBe(4);
});

test("who gets which share follows from the seed alone", () => {
  expect(sharesOf(42, 28)).toEqual(sharesOf(42, 28));
  expect(sharesOf(42, 28)).not.toEqual(sharesOf(43, 28));
  expect(sharesOf(5, 4, 1)).toEqual([0, 0, 0, 0]);
});
