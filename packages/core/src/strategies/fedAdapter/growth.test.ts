import { expect, test } from "vitest";
import { candidatesFor, chooseSize, isTrialDue, isTrialOver, startSize } from "./growth.ts";
import { fedAdapter } from "./index.ts";
import type { Size } from "./size.ts";

const settings = { ...fedAdapter.defaults, startDepth: 1, startWidth: 2, depthStep: 2, widthStep: 3 };
const bounds = { numLayers: 4, rank: 6 };
const sizes = (found: readonly Size[]) => found.map(({ depth, width }) => [depth, width]);

test("a trial compares the present size with a wider and a deeper one, within the run's own", () => {
  expect(startSize(settings, bounds)).toEqual({ depth: 1, width: 2 });
  expect(startSize(settings, { numLayers: 1, rank: 1 })).toEqual({ depth: 1, width: 1 });
  expect(sizes(candidatesFor({ depth: 1, width: 2 }, settings, bounds))).toEqual([
    [1, 2],
    [1, 5],
    [3, 2],
  ]);
  expect(sizes(candidatesFor({ depth: 3, width: 5 }, settings, bounds))).toEqual([
    [3, 5],
    [3, 6],
    [4, 5],
  ]);
  expect(sizes(candidatesFor({ depth: 4, width: 5 }, settings, bounds))).toEqual([
    [4, 5],
    [4, 6],
  ]);
  expect(sizes(candidatesFor({ depth: 4, width: 6 }, settings, bounds))).toEqual([[4, 6]]);
});

test("the size whose loss falls most for each second is chosen, the present one where none falls, and the earlier of equals", () => {
  const of = (...losses: readonly (readonly [number, number] | null)[]) =>
    losses.map((pair, place) => ({ depth: place + 1, width: 2, firstLoss: pair?.[0] ?? null, lastLoss: pair?.[1] ?? null }));
  const seconds = ({ depth }: Size) => [Number.NaN, 2, 3, 5][depth];
  // falls by 0.4, 0.75 and 1: 0.2, 0.25 and 0.2 a second
  expect(chooseSize(of([1.5, 1.1], [1.5, 0.75], [1.5, 0.5]), seconds)).toBe(1);
  expect(chooseSize(of([1.5, 1.1], [1.5, 0.75], [1.5, 0]), seconds)).toBe(2);
  expect(chooseSize(of([1.5, 1], [1.5, 0.75], [2.5, 1.25]), seconds)).toBe(0);
  expect(chooseSize(of([1.5, 1.75], [1.5, 1.5625], [1.5, 1.5]), seconds)).toBe(0);
  expect(chooseSize(of([1.5, 1.4], null, [1.5, 1]), seconds)).toBe(2);
});

test("trials of two rounds begin every third round where one lies between, and only where they can end", () => {
  const own = { ...settings, trialRounds: 2, roundsBetween: 1 };
  const rounds = [1, 2, 3, 4, 5, 6, 7];
  expect(rounds.filter((round) => isTrialDue(round, own, 7))).toEqual([1, 4]);
  expect(rounds.filter((round) => isTrialDue(round, own, 8))).toEqual([1, 4, 7]);
  expect(rounds.filter((round) => isTrialOver(round, own))).toEqual([2, 5]);
  expect(rounds.filter((round) => isTrialDue(round, { ...own, roundsBetween: 0 }, 6))).toEqual([1, 3, 5]);
});
