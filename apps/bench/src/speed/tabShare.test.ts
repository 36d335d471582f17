import { expect, test } from "vitest";
import { busyRows, heldShare, type TimedStep } from "./tabShare.ts";

const step = (stage: string, kind: string, holding: number, possible: number, open: number): TimedStep => ({
  stage,
  kind,
  clientSeconds: { holding, possible, open },
});
const steps: TimedStep[] = [
  step("count", "train", 9, 10, 9),
  step("count", "probe", 3, 5, 4),
  step("train", "train", 15, 20, 16),
  step("train", "evaluate", 1, 100, 50),
];

test("tabs' shares are of the time of all training steps together, counting included", () => {
  expect(heldShare(steps, "train")).toBe(0.8);
  expect(heldShare(steps, "train", "open")).toBe(0.96);
  expect(heldShare(steps, "score")).toBeNull();
});

test("a run's rows hold the goals for training and for the probe; records that do not say it meet none", () => {
  expect(busyRows([steps])).toMatchObject([
    { value: 80, goal: "≥ 85", holds: false, note: "96 % of the time in which a task waited for them" },
    { value: 60, goal: "≥ 80", holds: false },
  ]);
  expect(busyRows([[{ stage: "train", kind: "train" }]])).toMatchObject([
    { value: null, holds: false },
    { value: null, holds: false },
  ]);
});
