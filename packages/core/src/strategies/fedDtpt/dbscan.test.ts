import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dbscan, elbowOf, noise } from "./dbscan.ts";

interface Case {
  readonly points: readonly (readonly number[])[];
  readonly weights: readonly number[];
  readonly radius: number;
  readonly minPoints: number;
  readonly labels: readonly number[];
}

const golden: { readonly cases: readonly Case[] } = JSON.parse(readFileSync(new URL("./golden/numbers.json", import.meta.url), "utf8"));

const distancesOf = (points: Case["points"]) =>
  points.map((a) => Float64Array.from(points, (b) => Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0))));

test("clusters, weights, border points and noise are those of scikit-learn's DBSCAN", () => {
  expect(golden.cases).toHaveLength(6);
  for (const { points, weights, radius, minPoints, labels } of golden.cases)
    expect(dbscan(distancesOf(points), weights, { radius, minPoints })).toEqual(labels);
});

test("a chain is one cluster, a border point belongs to the first cluster that reaches it, and what nobody is near is noise", () => {
  const line = (places: readonly number[], minPoints: number, weights = places.map(() => 1)) =>
    dbscan(distancesOf(places.map((place) => [place])), weights, { radius: 1, minPoints });
  expect(line([0, 1, 2, 3, 10], 2)).toEqual([0, 0, 0, 0, noise]);
  expect(line([0, 0.25, 0.5, 1.5, 2.5, 2.75, 3], 4)).toEqual([0, 0, 0, 0, 1, 1, 1]); // 1.5 lies between two core points and is none
  expect(line([3, 2.75, 2.5, 1.5, 0.5, 0.25, 0], 4)).toEqual([0, 0, 0, 0, 1, 1, 1]);
  expect(line([0, 5], 2, [2, 1])).toEqual([0, noise]); // a point that is there twice is near itself
  expect(line([], 2)).toEqual([]);
});

test("an elbow is where a rising list is furthest below its chord, and a straight list or one that bends the other way has none", () => {
  expect(elbowOf([0, 0, 0, 0.5, 0.75, 1])).toBe(0);
  expect(elbowOf([1, 1.25, 1.5, 1.75, 9])).toBe(1.75); // by hand: 3/4 − 0.75/8 is the most
  expect(elbowOf([1, 4, 4.5, 5])).toBe(0); // it bends the other way
  expect([elbowOf([]), elbowOf([3]), elbowOf([2, 2, 2]), elbowOf([1, 2, 3])]).toEqual([0, 0, 0, 0]);
});
