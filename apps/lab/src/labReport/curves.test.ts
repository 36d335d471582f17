import { expect, test } from "vitest";
import type { LabPoint, LabRun } from "../experiments/labResult.ts";
import { simulatedRun } from "../testing/simulatedExperiment.ts";
import { curveOf } from "./curves.ts";
import { seriesStyle } from "./figure.ts";

const point = (round: number, score: number, changes: Partial<LabPoint> = {}): LabPoint => ({
  ...{ round, score, accuracy: score, macroF1: score, loss: 2 - score, seconds: 3 * round, bytesUp: 1e6 * round, bytesDown: 5e5 * round },
  ...{ protocol: "global", split: "test", coverage: 1 },
  ...changes,
});

function run(...curve: LabPoint[]): LabRun {
  return { ...simulatedRun({ method: "lora", task: "subj", seed: 1 }), curve };
}

test("a curve is the mean over seeds of the rounds that all of them evaluated, on the test split", () => {
  const runs = [
    run(point(2, 0.5), point(2, 0.9, { split: "validation" }), point(2, 0.8, { protocol: "personalised" }), point(4, 0.6), point(6, 0.7)),
    run(point(2, 0.54), point(4, 0.66)),
  ];
  const [first, second, ...others] = curveOf(runs, "global", "score", "round");
  expect(others).toEqual([]);
  expect([first?.x, second?.x]).toEqual([2, 4]);
  expect(first?.y).toBeCloseTo(0.52, 12);
  expect(first?.stdDev).toBeCloseTo(0.04 / Math.SQRT2, 12);
});

test("bytes are both ways in MB, and seconds and losses are those of the points", () => {
  expect(curveOf([run(point(4, 0.6))], "global", "score", "bytes")).toEqual([{ x: 6, y: 0.6, stdDev: null }]);
  expect(curveOf([run(point(4, 0.6))], "global", "loss", "seconds")).toEqual([{ x: 12, y: 1.4, stdDev: null }]);
});

test("lines of two dozen methods differ in colour or dashes", () => {
  const styles = Array.from({ length: 24 }, (_, index) => seriesStyle("", index)).map(({ color, dashes }) => `${color} ${dashes}`);
  expect(new Set(styles).size).toBe(24);
});
