import type { RunPoint, RunRecord } from "@tutti/record";
import { gridOf } from "@tutti/record";
import { simulatedRun } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { type Against, curveFigure, curveOf } from "./curves.ts";
import { seriesStyle } from "./figure.ts";

const point = (round: number, score: number, changes: Partial<RunPoint> = {}): RunPoint => ({
  round,
  score,
  accuracy: score,
  macroF1: score,
  loss: 2 - score,
  seconds: 3 * round,
  bytesUp: 1e6 * round,
  bytesDown: 5e5 * round,
  protocol: "global",
  split: "test",
  coverage: 1,
  ...changes,
});

function run(...curve: RunPoint[]): RunRecord {
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

/** What is written at the ticks of the x axis, where costs are bytes and as many microseconds. */
function tickTextsOf(costs: readonly number[], against: Against): string[] {
  const runs = costs.map((cost, index) => ({
    ...simulatedRun({ method: index === 0 ? "lora" : "full", task: "subj", seed: 1 }),
    curve: [1, 2].map((part) =>
      point(2 * part, 0.4 + 0.1 * part, { bytesUp: (cost * part) / 2, bytesDown: 0, seconds: (cost * part) / 2e6 }),
    ),
  }));
  const grid = gridOf(runs);
  const [column] = grid.columns;
  const figure = column === undefined ? null : curveFigure(grid, column, { protocol: "global", shown: "score", against });
  const axis = /aria-label="x-axis tick label"[^>]*>(.*?)<\/g>/s.exec(figure?.svg ?? "")?.[1] ?? "";
  return [...axis.matchAll(/>([^<>\n]+)</g)].map(([, text]) => text ?? "");
}
const ticksOf = (costs: readonly number[]) => tickTextsOf(costs, "bytes").map(Number);

test("costs that lie far apart are drawn on a logarithmic axis", () => {
  const even = ticksOf([2e6, 9e6]);
  expect(new Set(even.slice(1).map((tick, i) => Math.round(tick - (even[i] ?? 0)))).size).toBe(1);
  const far = ticksOf([2e6, 90e6]);
  expect(far).toContain(10);
  expect(Math.max(...far)).toBeLessThan(100);
  expect(Math.min(...far)).toBeLessThanOrEqual(2);
});

test("ticks are plain numbers of the unit below the axis, of small costs as of large ones", () => {
  for (const against of ["bytes", "seconds"] as const) {
    for (const [first, last] of [
      ["0.03", "0.06"],
      ["0.2", "0.4"],
      ["4", "8"],
      ["120", "240"],
      ["2000", "4000"],
    ]) {
      const texts = tickTextsOf([1e6 * Number(last)], against);
      expect([texts[0], texts.at(-1)]).toEqual([first, last]);
      expect(texts.filter((text) => !/^[\d.]{1,5}$/.test(text))).toEqual([]);
    }
  }
});
