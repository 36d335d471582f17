import { expect, test } from "vitest";
import { busyShares, phaseOf } from "./busyShares.ts";
import type { ClientSeconds, StepRecord } from "./stepRecord.ts";

const step = (stage: StepRecord["stage"], kind: StepRecord["kind"], clientSeconds?: ClientSeconds): StepRecord => ({
  stage,
  round: 1,
  step: 1,
  attempt: 1,
  kind,
  cohort: [],
  counted: [],
  seconds: 3,
  bytesUp: 0,
  bytesDown: 0,
  firstLoss: null,
  lastLoss: null,
  evaluations: [],
  ...(clientSeconds === undefined ? {} : { clientSeconds }),
});

const steps = [
  step("count", "train", { holding: 6, open: 7, possible: 8, present: 12 }),
  step("count", "probe", { holding: 3, open: 3, possible: 4, present: 16 }),
  step("train", "train", { holding: 10, open: 11, possible: 12, present: 12 }),
  step("train", "evaluate", { holding: 1, open: 2, possible: 20, present: 40 }),
  step("train", "train"),
];

test("the share of time that clients hold a task, by phase, is of summed times and not a mean of shares", () => {
  expect(steps.map(phaseOf)).toEqual(["count", "probe", "train", "evaluate", "train"]);
  expect(busyShares(steps, ["count", "train"])).toEqual({ ofPossible: 16 / 20, ofOpen: 16 / 18, ofPresent: 16 / 24 });
  expect(busyShares(steps, ["probe"])).toEqual({ ofPossible: 3 / 4, ofOpen: 1, ofPresent: 3 / 16 });
  expect(busyShares(steps)).toEqual({ ofPossible: 20 / 44, ofOpen: 20 / 23, ofPresent: 20 / 80 });
});

test("where nothing was measured, as in older runs, no share is known", () => {
  expect(busyShares(steps, ["score"])).toEqual({ ofPossible: null, ofOpen: null, ofPresent: null });
  expect(busyShares(steps.slice(-1))).toEqual({ ofPossible: null, ofOpen: null, ofPresent: null });
});
