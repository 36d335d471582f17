import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import type { Device } from "../task.ts";
import { testRun } from "../testing/run.ts";
import { type Cohort, onePerShare, wholeRoster } from "./cohort.ts";

const device = (id: number, share?: number, isConnected = true): Device => ({
  id,
  numExamples: 10 + id,
  isConnected,
  ...(share === undefined ? {} : { share }),
});
const situation = (roster: readonly Device[], changes = {}) => ({
  run: testRun({ roster: "open", minDevices: 2, cohortSize: 2, numDevices: 3, ...changes }),
  roster,
  random: createRandom(7),
  stage: "train" as const,
  round: 1,
  attempt: 1,
});

const withIds = (chosen: Cohort | { waiting: string }) =>
  "waiting" in chosen ? chosen : { ...chosen, devices: chosen.devices.map(({ id }) => id) };

test("of devices that hold one share the first that is connected evaluates, and all with examples of their own", () => {
  const roster = [device(0, 1), device(1), device(2, 1), device(3, 0), device(4, 2, false), device(5, 0), device(6, 2), device(7)];
  expect(withIds(onePerShare(situation(roster)))).toEqual({ devices: [0, 1, 3, 6, 7], numDevices: 5 });
  expect(withIds(wholeRoster(situation(roster)))).toEqual({ devices: [0, 1, 2, 3, 5, 6, 7], numDevices: 8 });
});

test("a share whose holders are all away is missing from what an evaluation covers", () => {
  expect(withIds(onePerShare(situation([device(0, 0), device(1, 1, false), device(2, 2)])))).toEqual({ devices: [0, 2], numDevices: 3 });
});

test("in a fixed roster every device evaluates", () => {
  const roster = [device(0), device(1), device(2)];
  const fixed = situation(roster, { roster: "fixed", minDevices: 3, cohortSize: 3 });
  expect(withIds(onePerShare(fixed))).toEqual({ devices: [0, 1, 2], numDevices: 3 });
  expect(onePerShare(fixed)).toEqual(wholeRoster(fixed));
});
