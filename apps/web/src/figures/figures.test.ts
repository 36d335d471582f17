import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { expect, test } from "vitest";
import { axisTicks } from "../join/estimates.ts";
import { emptyStatus } from "../testing/events.ts";
import { LayerBars, layerAxis } from "./layerBars.tsx";
import { LossLine, lossesByRound } from "./lossLine.tsx";
import { measuresOf } from "./staff.tsx";

test("bars stand on zero, so that scores which differ by a hundredth look alike", () => {
  const axis = layerAxis([8.57, 8.63, null, 8.6]);
  expect(axis.isLogarithmic).toBe(false);
  expect(axis.base).toBe(0);
  expect(axis.shareOf(8.63)).toBe(1);
  expect(axis.shareOf(8.57)).toBeCloseTo(8.57 / 8.63, 12);
  expect(axis.ticks).toEqual([0, 2, 4, 6, 8]);
});

test("scores on both sides of zero have bars up and down from it", () => {
  const axis = layerAxis([-4, 12]);
  expect([axis.base, axis.shareOf(-4), axis.shareOf(12), axis.shareOf(4)]).toEqual([0.25, 0, 1, 0.5]);
});

test("scores that differ by orders of magnitude stand on a logarithmic scale, which is said, with powers of ten", () => {
  const axis = layerAxis([20, 300, 4000]);
  expect(axis.isLogarithmic).toBe(true);
  expect(axis.ticks).toEqual([10, 100, 1000]);
  expect([axis.shareOf(10), axis.shareOf(4000)]).toEqual([0, 1]);
  const html = renderToString(h(LayerBars, { scores: [20, 300, 4000], selected: [1], numLayers: 3 }));
  expect(html).toContain("The scale is logarithmic.");
  expect(html).toContain(">1000</text>");
});

test("no score at all draws bars of no height, and no axis", () => {
  expect(layerAxis([null, null]).ticks).toEqual([]);
  expect(layerAxis([0, 0]).shareOf(0)).toBe(0);
});

test("the loss of a round is the mean over this tab's devices, beside that of all, in the order of the rounds", () => {
  const here = [
    { stage: "count", round: 1, sum: 9, count: 3 },
    { stage: "train", round: 2, sum: 2.4, count: 2 },
  ] as const;
  const history = [
    { stage: "count", round: 1, trainLoss: 3.5, evaluations: [] },
    { stage: "train", round: 1, trainLoss: 1.5, evaluations: [] },
    { stage: "train", round: 2, trainLoss: null, evaluations: [] },
  ] as const;
  expect(lossesByRound(here, history)).toEqual({
    rounds: [
      { stage: "count", round: 1 },
      { stage: "train", round: 1 },
      { stage: "train", round: 2 },
    ],
    tab: [3, null, 1.2],
    all: [3.5, 1.5, null],
  });
  const html = renderToString(h(LossLine, { here, history }));
  expect(html).toContain("3 at first, 1.2 now");
  expect([...html.matchAll(/text-anchor="end">([^<]+)<\/text>/g)].map(([, tick]) => Number(tick))).toEqual([2, 3]);
});

test("axes have round numbers", () => {
  expect(axisTicks(0, 8.63, 3)).toEqual([0, 5]);
  expect(axisTicks(1.02, 1.68, 3)).toEqual([1.2, 1.4, 1.6]);
  expect(axisTicks(-0.3, 0.3, 3)).toEqual([-0.2, 0, 0.2]);
  expect(axisTicks(4, 4, 3)).toEqual([4]);
});

test("the staff has a measure per round: played, under way, ahead; lower loss is higher", () => {
  const history = [
    { stage: "count", round: 1, trainLoss: 9, evaluations: [] },
    { stage: "train", round: 1, trainLoss: 1.5, evaluations: [] },
    { stage: "train", round: 2, trainLoss: 0.5, evaluations: [] },
  ] as const;
  const measures = measuresOf({ ...emptyStatus, stage: "train", round: 3, numRounds: 4, history }, 10);
  expect(measures.map(({ state }) => state)).toEqual(["done", "done", "current", "ahead"]);
  expect(measures.slice(0, 2).map(({ pitch }) => pitch)).toEqual([0, 1]);
});

test("many rounds share measures, and a run that has not begun has none", () => {
  const measures = measuresOf({ ...emptyStatus, stage: "train", round: 17, numRounds: 50 }, 12);
  expect(measures).toHaveLength(10);
  expect(measures.map(({ state }) => state).indexOf("current")).toBe(3);
  expect(measures.at(-1)).toMatchObject({ firstRound: 46, lastRound: 50 });
  expect(measuresOf(emptyStatus, 12)).toEqual([]);
});
