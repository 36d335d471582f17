import { expect, test } from "vitest";
import { followed } from "./following.ts";
import { presets } from "./presets.ts";

const base = presets.default; // 20 devices, cohorts of 6, a start at 6
const nobody = () => false;

test("cohort and start are those of the base, or as many as there are devices", () => {
  expect(followed({ numDevices: 20 }, base, nobody)).toEqual({ cohortSize: 6, minDevices: 6 });
  expect(followed({ numDevices: 4 }, base, nobody)).toEqual({ cohortSize: 4, minDevices: 4 });
  expect(followed({ numDevices: 500 }, base, nobody)).toEqual({ cohortSize: 6, minDevices: 6 });
});

test("what somebody asked for follows nothing", () => {
  expect(followed({ numDevices: 4, cohortSize: 9 }, base, (name) => name === "cohortSize")).toEqual({ minDevices: 4 });
});

test("what is no number is followed by nothing, so that its own fault is told", () => {
  expect(followed({ numDevices: "many" }, base, nobody)).toEqual({});
  for (const numDevices of [0, -3, 2.5, Number.NaN]) expect(followed({ numDevices }, base, nobody)).toEqual({});
  expect(followed({}, base, nobody)).toEqual({});
});

test("in an open roster cohort and start are as many as there is room for, and there is room for one device a share", () => {
  const open = { roster: "open", maxDevices: 500 } as const;
  expect(followed({ ...open, numDevices: 2 }, base, nobody)).toEqual({ maxDevices: 500, cohortSize: 6, minDevices: 6 });
  expect(followed({ ...open, numDevices: 900 }, base, nobody)).toEqual({ maxDevices: 900, cohortSize: 6, minDevices: 6 });
  const asked = (name: string) => name === "maxDevices";
  expect(followed({ ...open, numDevices: 20, maxDevices: 4 }, base, asked)).toEqual({ cohortSize: 4, minDevices: 4 });
});
