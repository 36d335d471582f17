import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { combineLayerScores, medianLayerScores, numLayersToKeep, rankLayers, selectLayers } from "./selectLayers.ts";

test("server scores are means weighted by examples over the devices that did not abstain", () => {
  const combined = combineLayerScores([
    { numExamples: 3, layerScores: [2, 10, null] },
    { numExamples: 7, layerScores: null },
    { numExamples: 1, layerScores: [6, -2, null] },
  ]);
  expect(combined).toEqual([3, 7, null]);
  expect(combineLayerScores([{ numExamples: 4, layerScores: null }])).toBeNull();
  expect(() =>
    combineLayerScores([
      { numExamples: 1, layerScores: [1, 2] },
      { numExamples: 1, layerScores: [1] },
    ]),
  ).toThrow("2 layers expected, received 1");
});

test("layers rank by descending score, equal ones by number, unscored ones last", () => {
  expect(rankLayers([3, 7.5, null, 7.5, -2])).toEqual([1, 3, 0, 4, 2]);
});

test("sabotage: permuted scores change the selected layers", () => {
  const scores = [5.2, 9.1, 7.4, 3.3, 8.8, null];
  const choice = { numLayers: 6, numKept: 3 };
  expect(selectLayers("score", { ...choice, scores })).toEqual([1, 2, 4]);
  const permuted = [9.1, 3.3, 5.2, 8.8, 7.4, null];
  expect(selectLayers("score", { ...choice, scores: permuted })).toEqual([0, 3, 4]);
  expect(selectLayers("score", { ...choice, scores: scores.map((score) => score && -score) })).toEqual([0, 2, 3]);
});

test("an unscored last layer is kept only when all layers are", () => {
  const scores = [1, 2, null];
  expect(selectLayers("naswot", { numLayers: 3, numKept: 2, scores })).toEqual([0, 1]);
  expect(selectLayers("naswot", { numLayers: 3, numKept: 3, scores })).toEqual([0, 1, 2]);
});

test("positional selectors take the first, middle and last layers", () => {
  const choice = { numLayers: 7, numKept: 3 };
  expect(selectLayers("first", choice)).toEqual([0, 1, 2]);
  expect(selectLayers("middle", choice)).toEqual([2, 3, 4]);
  expect(selectLayers("last", choice)).toEqual([4, 5, 6]);
  expect(selectLayers("all", choice)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("random layers follow the stream", () => {
  const draw = (seed: number) =>
    selectLayers("random", { numLayers: 24, numKept: 12, random: createRandom(seed).stream({ purpose: "layers" }) });
  expect(draw(5)).toEqual(draw(5));
  expect(draw(5)).not.toEqual(draw(6));
  expect(new Set(draw(5)).size).toBe(12);
});

test("the number of layers is rounded, at least one and at most all", () => {
  expect([0, 0.05, 0.491, 0.55, 1].map((fraction) => numLayersToKeep(fraction, 6))).toEqual([1, 1, 3, 3, 6]);
  expect(() => numLayersToKeep(1.2, 6)).toThrow("needs 0 to 1, received 1.2");
});

test("a choice that cannot be made says why", () => {
  expect(() => selectLayers("score", { numLayers: 3, numKept: 2 })).toThrow("score needs the scores of 3 layers");
  expect(() => selectLayers("random", { numLayers: 3, numKept: 2 })).toThrow("random stream");
  expect(() => selectLayers("first", { numLayers: 3, numKept: 4 })).toThrow("can keep 1 to 3 layers, not 4");
});

test("the median over devices: a device that claims the largest score, and many examples, moves no layer beyond the others'", () => {
  const devices = [
    { numExamples: 3, layerScores: [4, 9, null] },
    { numExamples: 1_000_000, layerScores: [8e5, 0, null] },
    { numExamples: 2, layerScores: [5, 8, null] },
    { numExamples: 7, layerScores: null },
    { numExamples: 4, layerScores: [6, 7, null] },
  ];
  expect(medianLayerScores(devices)).toEqual([5.5, 7.5, null]);
  expect(rankLayers(medianLayerScores(devices) ?? [])[0]).toBe(1);
  expect(rankLayers(combineLayerScores(devices) ?? [])[0]).toBe(0);
  expect(medianLayerScores([{ numExamples: 1, layerScores: null }])).toBeNull();
});
