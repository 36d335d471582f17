import { nothingInForce } from "@tutti/core";
import { expect, test } from "vitest";
import { inForceSentences } from "./inForceNotice.tsx";

test("volunteers are told of the pause and of each lesson, and of nothing where nothing is in force", () => {
  expect([inForceSentences(undefined), inForceSentences(nothingInForce)]).toEqual([[], []]);
  const inForce = { ...nothingInForce, isPaused: true, drop: { fraction: 0.3 }, skew: { dirichletAlpha: 0.1 } };
  expect(inForceSentences({ ...inForce, poison: { deviceIds: [2, 7], factor: 5 } })).toEqual([
    expect.stringContaining("The teacher has paused the run"),
    expect.stringContaining("dealt again"),
    expect.stringContaining("30 %"),
    expect.stringContaining("devices 2, 7"),
  ]);
  expect(inForceSentences({ ...nothingInForce, sampleFraction: 0.5, deadline: { deadlineMs: null } })).toEqual([]);
});
