import { expect, test } from "vitest";
import { closedRound, evaluation } from "../testing/closedRound.ts";
import { motionOf, steppable } from "./motion.ts";

const sources = {
  sizes: { layers: [640, 500, 300], others: 9 },
  numDevices: 20,
  run: { paramsEncoding: "f32", contributionEncoding: "f16" },
} as const;

test("a round is told from its own records: what travels, in which sizes, and who answered", () => {
  const motion = motionOf(closedRound(3), sources);
  expect(motion).toMatchObject({ mask: [false, true, true], numShared: 809, bytesDown: 3236, bytesUp: 1618, asked: [4, 1, 7], numMore: 0 });
  expect([...(motion?.counted ?? [])]).toEqual([1, 7]);
  const texts = Object.fromEntries((motion?.frames ?? []).map(({ moment, text }) => [moment, text]));
  expect(Object.keys(texts)).toEqual(["choose", "send", "train", "back", "sum"]);
  expect(texts.choose).toContain("3 devices of 20");
  expect(texts.send).toContain("2 of 3 layers through: 809 values, 3.24 kB for each device. On the wire the step took 50 bytes down");
  expect(texts.train).toContain("The step took 2.5 s; the loss of the last epoch was 0.9.");
  expect(texts.back).toContain("2 of 3 devices answered");
  expect(texts.sum).toBe(
    "By the mean, weighted by examples. Devices moved by 4 on average, and 2.5 apart from their mean. The control variate’s norm is 7.",
  );
});

test("an evaluated round ends with its hidden texts, and a run's rule is named", () => {
  const round = closedRound(3, { evaluations: [evaluation("global", 0.8)] });
  const run = { ...sources.run, aggregation: { name: "coordinateMedian" } } as const;
  const frames = motionOf(round, { ...sources, run })?.frames ?? [];
  expect(frames.at(-1)?.text).toBe("shared: 80.0 % of 90 hidden texts. That took 24 bytes, counted apart.");
  expect(frames.at(-2)?.text).toContain("By the rule coordinateMedian.");
});

test("a round of an older run folder, which did not measure, is told without what it lacks", () => {
  const { movement: _, ...older } = closedRound(1);
  const motion = motionOf(older, sources);
  expect(motion?.mask).toEqual([true, true, true]);
  expect(motion?.frames.at(-1)?.text).toBe("By the mean, weighted by examples.");
});

test("only rounds that trained for all can be stepped through", () => {
  expect(
    steppable([closedRound(1, { stage: "score", steps: [] }), closedRound(1, { stage: "count" }), closedRound(2)]).map(
      ({ round }) => round,
    ),
  ).toEqual([2]);
});
