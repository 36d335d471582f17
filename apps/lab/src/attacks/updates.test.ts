import { createRandom, type Params } from "@tutti/core";
import { expect, test } from "vitest";
import { aLittleIsEnough, gaussian, hidingZ, minMax, replacementFactor, scaledBackdoor, signFlipped, statisticsOf } from "./updates.ts";

const params = (a: readonly number[], b: readonly number[]): Params => ({
  a: { shape: [a.length], data: Float32Array.from(a) },
  b: { shape: [1, b.length], data: Float32Array.from(b) },
});
const valuesOf = (update: Params) => ["a", "b"].flatMap((name) => [...(update[name]?.data ?? [])]);
const rounded = (update: Params, digits = 5) => valuesOf(update).map((value) => Number(value.toFixed(digits)));

test("sign flipping turns an update round and lengthens it", () => {
  expect(valuesOf(signFlipped(params([0.5, -2], [3]), 4))).toEqual([-2, 8, -12]);
});

test("the scaled backdoor lengthens an update by the cohort over the attackers in it", () => {
  expect(replacementFactor(20, 4)).toBe(5);
  expect(replacementFactor(20, 0)).toBe(20);
  expect(valuesOf(scaledBackdoor(params([0.5, -2], [3]), replacementFactor(20, 8)))).toEqual([1.25, -5, 7.5]);
});

test("Gaussian values have the deviation that is asked for, no trace of the update, and follow from the stream and the names alone", () => {
  const honest = params(new Array(3000).fill(7), new Array(1000).fill(-7));
  const stream = () => createRandom(5).stream({ purpose: "gaussian attack", device: 3 });
  const sent = gaussian(honest, 0.25, stream());
  const values = valuesOf(sent);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const stdDev = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  expect(Math.abs(mean)).toBeLessThan(0.016); // four standard errors
  expect(Math.abs(stdDev - 0.25)).toBeLessThan(0.012); // four standard errors
  expect(sent.b?.shape).toEqual([1, 1000]);
  expect(Object.keys(sent)).toEqual(["a", "b"]);
  const { a = { shape: [], data: new Float32Array() }, b = a } = honest;
  expect(gaussian({ b, a }, 0.25, stream())).toEqual(sent);
});

test("colluders' mean and deviation are those of the numbers, with n below", () => {
  const { mean, stdDev } = statisticsOf([params([1, 10], [0]), params([4, 10], [3]), params([7, 10], [-3])]);
  expect(rounded(mean)).toEqual([4, 10, 0]);
  expect(rounded(stdDev)).toEqual([2.44949, 0, 2.44949]); // √6
});

test("a little is enough sends every value z deviations below the mean", () => {
  const statistics = statisticsOf([params([1, 10], [0]), params([3, 10], [4])]);
  expect(rounded(aLittleIsEnough(statistics, 1.5))).toEqual([0.5, 10, -1]); // 2 − 1.5 · 1, 10, 2 − 1.5 · 2
});

test("the published z of 24 attackers among 50 devices is 1.43, and two among 20 have none", () => {
  // s = ⌊50/2 + 1⌋ − 24 = 2 and (50 − 24 − 2) / 26 = 0.92308
  expect(hidingZ(50, 24)).toBeCloseTo(1.426077, 6);
  // s = 11 − 8 = 3 and 9 / 12 = 0.75; s = 11 − 4 = 7 and 9 / 16 = 0.5625
  expect(hidingZ(20, 8)).toBeCloseTo(0.67449, 5);
  expect(hidingZ(20, 4)).toBeCloseTo(0.157311, 6);
  expect(hidingZ(20, 2)).toBe(0);
});

test("min-max goes as far below the mean as the greatest distance between two honest updates lets it", () => {
  // Two numbers a and a + d: μ = a + d/2, σ = d/2. The farther one is d/2 + γ d/2 away, which is d for γ = 1: what is sent is a itself.
  expect(rounded(minMax([params([2], [0]), params([6], [0])]), 3)).toEqual([2, 0]);
  // Three points of a right angle, (0,0), (4,0), (0,3): greatest distance 5, μ = (4/3, 1), σ = (4√2/3, √2). From (4,0):
  // (8/3 + γ 4√2/3)² + (1 − γ √2)² = 25, of which γ = 0.8902…; the others are nearer.
  const sent = valuesOf(minMax([params([0, 0], [0]), params([4, 0], [0]), params([0, 3], [0])]));
  const gamma = (4 / 3 - (sent[0] ?? 0)) / ((4 * Math.SQRT2) / 3);
  const [a, b, c] = [32 / 9 + 2, (64 * Math.SQRT2) / 9 - 2 * Math.SQRT2, 64 / 9 + 1 - 25];
  expect(gamma).toBeCloseTo((-b + Math.sqrt(b * b - 4 * a * c)) / (2 * a), 4);
  expect(gamma).toBeCloseTo((1 - (sent[1] ?? 0)) / Math.SQRT2, 4);
});

test("min-max among equal updates is that update", () => {
  expect(rounded(minMax([params([1, 2], [3]), params([1, 2], [3])]))).toEqual([1, 2, 3]);
});
