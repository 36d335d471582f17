import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { expect, test } from "vitest";
import { emptyStatus } from "../testing/events.ts";
import { barHeights } from "./layerBars.tsx";
import { LossLine, smoothed } from "./lossLine.tsx";
import { measuresOf } from "./staff.tsx";

test("bars are linear between the extremes, a layer without a score has none", () => {
  expect(barHeights([8, 12, null, 10])).toEqual([0.18, 1, 0, 0.59]);
});

test("scores that differ by orders of magnitude are drawn on a logarithmic scale", () => {
  const [low, middle, high] = barHeights([10, 100, 1000]);
  expect([low, high]).toEqual([0.18, 1]);
  expect(middle).toBeCloseTo(0.59, 10);
});

test("the number beside the loss line is that of its end, not the latest batch's, and large ones are written out", () => {
  const html = renderToString(h(LossLine, { losses: [2, 0.0051] }));
  expect(html).toContain("2.0 at first, 1.6 now");
  expect(html).toMatch(/>1\.6<\/text>/);
  expect(renderToString(h(LossLine, { losses: [1234.4, 1234.4] }))).toContain(">1234</text>");
});

test("equal scores are drawn alike, and no score at all draws nothing", () => {
  expect(barHeights([7, 7])).toEqual([0.6, 0.6]);
  expect(barHeights([null, null])).toEqual([0, 0]);
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

test("the loss line starts at the first loss and follows a level with a mean over about five steps", () => {
  expect(smoothed([4, 4, 9])).toEqual([4, 4, 5]);
  expect(smoothed([])).toEqual([]);
});
