import { expect, test } from "vitest";
import { createTensor } from "../../params.ts";
import { tripletOf } from "../../tunings/svdTriplets.ts";
import {
  addSensitivity,
  componentScores,
  matrixScores,
  noSensitivity,
  pooledScores,
  selectByMass,
  sensitivityScores,
} from "./importance.ts";

test("two steps of smoothed sensitivity and uncertainty are those computed by hand", () => {
  const first = addSensitivity(noSensitivity(2), [2, -3], [0.5, 4]); // I = 1, 12
  expect([...first.mean]).toEqual([0.15000000000000002, 1.8000000000000003]);
  expect(first.uncertainty[0]).toBeCloseTo(0.15 * 0.85, 12);
  expect(first.uncertainty[1]).toBeCloseTo(0.15 * 10.2, 12);
  const second = addSensitivity(first, [2, -3], [1.5, 1]); // I = 3, 3
  expect(second.mean[0]).toBeCloseTo(0.85 * 0.15 + 0.15 * 3, 12);
  expect(second.mean[1]).toBeCloseTo(0.85 * 1.8 + 0.15 * 3, 12);
  const meanOfFirst = 0.85 * 0.15 + 0.45;
  expect(second.uncertainty[0]).toBeCloseTo(0.85 * 0.1275 + 0.15 * (3 - meanOfFirst), 12);
  expect(sensitivityScores(second)[0]).toBeCloseTo(meanOfFirst * (0.85 * 0.1275 + 0.15 * (3 - meanOfFirst)), 6);
});

test("a matrix's score adds up its components', each the mean of its column of b and of its row of a", () => {
  const scores = {
    "lora/0/query/a": createTensor([2, 3], Float32Array.of(1, 2, 3, 4, 5, 9)),
    "lora/0/query/b": createTensor([4, 2], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
  };
  // components: (1 + 3 + 5 + 7) / 4 + (1 + 2 + 3) / 3 = 6, and (2 + 4 + 6 + 8) / 4 + (4 + 5 + 9) / 3 = 11
  expect(matrixScores(scores, [{ a: "lora/0/query/a", b: "lora/0/query/b" }])).toEqual({ "lora/0/query/b": 17 });
});

test("a component's score is that of its e and the means of its column of P and of its row of Q", () => {
  const scores = {
    "svdLora/0/query/q": createTensor([2, 3], Float32Array.of(1, 2, 3, 4, 5, 9)),
    "svdLora/0/query/e": createTensor([2], Float32Array.of(0.5, 0.25)),
    "svdLora/0/query/p": createTensor([4, 2], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
  };
  expect(componentScores(scores, [tripletOf("svdLora/0/query")])).toEqual({ "svdLora/0/query/e": [6.5, 11.25] });
});

test("devices' scores are pooled as shares of their mass, weighted by examples, and no device decides by large numbers", () => {
  const names = ["x", "y"];
  const honest = { numExamples: 30, scores: { x: 1, y: 3 } };
  expect(pooledScores([honest, { numExamples: 10, scores: { x: 1e30, y: 1e30 } }], names)).toEqual([
    0.75 * 0.25 + 0.125,
    0.75 * 0.75 + 0.125,
  ]);
  for (const scores of [{ x: 0, y: 0 }, {}, { x: Number.NaN, y: -3 }])
    expect(pooledScores([honest, { numExamples: 99, scores }], names)).toEqual([0.25, 0.75]);
  expect(pooledScores([{ numExamples: 9, scores: {} }], names)).toEqual([0.5, 0.5]);
});

test("the best matrices are kept until they have the wanted share of the mass", () => {
  const scores = [0.1, 0.4, 0.05, 0.25, 0.2];
  expect(selectByMass(scores, 0.6)).toEqual([1, 3]);
  expect(selectByMass(scores, 0.65)).toEqual([1, 3]);
  expect(selectByMass(scores, 0.66)).toEqual([1, 3, 4]);
  expect(selectByMass(scores, 1)).toEqual([0, 1, 2, 3, 4]);
  expect(selectByMass(scores, 0)).toEqual([1]);
});
