import type { RunRecord } from "@tutti/record";
import { expect, test } from "vitest";
import { planLines } from "./runTable.ts";
import { plansCaption } from "./sentences/plans.ts";

const machine = { flopsPerSecond: 9e9, memoryBytes: 1e8, bytesPerSecond: 8e4, baseForm: "unpacked" };
const plan = {
  deviceId: 3,
  round: 6,
  bits: 4,
  batchSize: 8,
  ranks: [0, 16, 8, 16, 0],
  numValues: 27_136,
  seconds: 6,
  memoryBytes: 3e7,
  underUse: 0.004,
  machine,
};
const step = { stage: "train", kind: "train" };
const run = {
  plans: [plan],
  steps: [
    { ...step, seconds: 60 },
    { ...step, seconds: 10 },
    { ...step, kind: "evaluate", seconds: 99 },
    { ...step, seconds: 14 },
  ],
};

test("a plan's line says what the client claims, its bits, batch and ranks, and its under-use", () => {
  expect(planLines(run as unknown as RunRecord)).toEqual([
    ["3", "9 Gflop/s", "100 MB", "80.0 kB/s", "4", "8", "16 × 2, 8 × 1, none × 2", "27,136", "6 s", "0.4 %"],
  ]);
});

test("the time of a round is the mean of those after the warm-up, beside what the slowest plan expects", () => {
  expect(plansCaption(run as unknown as RunRecord)).toBe("Rounds after the warm-up took 12 s on average; the slowest plan expects 6 s");
});
