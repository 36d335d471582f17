import { expect, test } from "vitest";
import { type DemoOutcome, demoRows } from "./demoTurns.ts";

const outcome = (seconds: number, personalised: number, parametersSha256: string): DemoOutcome => ({
  seconds,
  accuracy: { personalised, newcomer: 0.6 },
  parametersSha256,
  steps: [],
});

test("demos of both checkouts are compared in time and accuracy, and their hashes are told", () => {
  const now = [outcome(30, 0.674, "bb"), outcome(33, 0.674, "bb")];
  const before = [outcome(60, 0.68, "aa"), outcome(55, 0.68, "cc")];
  expect(demoRows(now, before)).toMatchObject([
    { name: "demo, whole command, now / before", value: 0.55, holds: true, note: "30.0, 33.0 s and 60.0, 55.0 s, in turns" },
    { value: 2, holds: false, note: "parameters now bb, before aa, cc" },
    { name: "demo, personalised accuracy, difference to before", value: 0.6, holds: false, note: "now 67.4 %, before 68.0 %" },
    { name: "demo, newcomer accuracy, difference to before", value: 0, holds: true },
  ]);
});

test("without an older checkout the demo's time has no goal", () => {
  expect(demoRows([outcome(30, 0.67, "bb")], null)).toMatchObject([{ value: 30, unit: "s", holds: null, note: "parameters bb" }]);
});
