import type { Contribution, RoundPlan } from "@tutti/core";
import { expect, test } from "vitest";
import { spreadOf } from "./spread.ts";
import { recordStep } from "./stepRecord.ts";

const listOf = (numRight: number[], loss: number[]) => ({
  byDevice: { deviceIds: numRight.map((_, device) => device), numRight, numExamples: numRight.map(() => 20), loss },
});

test("the worst tenth is rounded up, and accuracy and loss each have their own", () => {
  // 11 devices: two of them are a tenth, rounded up; rights 3, 4, … 13 of 20
  const rights = [9, 3, 12, 4, 5, 6, 7, 8, 10, 11, 13];
  const losses = [0.5, 0.5, 0.5, 0.5, 2.5, 0.5, 0.5, 1.5, 0.5, 0.5, 0.5];
  const spread = spreadOf(listOf(rights, losses));
  expect(spread?.numDevices).toBe(11);
  expect(spread?.worstTenthAccuracy).toBeCloseTo((3 / 20 + 4 / 20) / 2, 12);
  expect(spread?.meanAccuracy).toBeCloseTo(8 / 20, 12);
  expect(spread?.worstTenthLoss).toBeCloseTo((2.5 + 1.5) / 2, 12);
  expect(spread?.meanLoss).toBeCloseTo((9 * 0.5 + 2.5 + 1.5) / 11, 12);
  expect(spreadOf(listOf(rights.slice(0, 10), losses.slice(0, 10)))?.worstTenthAccuracy).toBeCloseTo(3 / 20, 12); // of ten devices one
  expect(spreadOf(listOf([7], [0.25]))).toMatchObject({
    numDevices: 1,
    meanAccuracy: 0.35,
    worstTenthAccuracy: 0.35,
    worstTenthLoss: 0.25,
  });
});

test("devices count alike, however many examples they have", () => {
  const byDevice = { deviceIds: [4, 9], numRight: [1, 90], numExamples: [2, 100], loss: [1, 3] };
  expect(spreadOf({ byDevice })).toEqual({ numDevices: 2, meanAccuracy: 0.7, worstTenthAccuracy: 0.5, meanLoss: 2, worstTenthLoss: 3 });
});

test("without devices that were measured by themselves there is no spread", () => {
  expect(spreadOf({})).toBeUndefined();
  expect(spreadOf({ byDevice: { deviceIds: [], numRight: [], numExamples: [], loss: [] } })).toBeUndefined();
});

test("a step keeps each device's own numbers of the personalised protocol alone, and none for a device without examples", () => {
  const results = (protocol: "personalised" | "global", confusion: number[][], lossSum: number) =>
    ({ protocol, split: "test", confusion, lossSum }) as const;
  const answer = (deviceId: number, ...given: ReturnType<typeof results>[]): Contribution => ({
    deviceId,
    numExamples: 8,
    body: { kind: "evaluate", results: given },
  });
  const contributions = [
    answer(
      2,
      results(
        "personalised",
        [
          [3, 1],
          [1, 2],
        ],
        7.00004,
      ),
      results(
        "global",
        [
          [1, 0],
          [0, 1],
        ],
        1,
      ),
    ),
    answer(
      5,
      results(
        "personalised",
        [
          [0, 0],
          [0, 0],
        ],
        0,
      ),
      results(
        "global",
        [
          [1, 0],
          [0, 1],
        ],
        1,
      ),
    ),
    answer(
      7,
      results(
        "personalised",
        [
          [1, 0],
          [3, 0],
        ],
        2,
      ),
    ),
  ];
  const plan: RoundPlan = {
    stage: "train",
    round: 4,
    step: 2,
    attempt: 1,
    payloads: [],
    tasks: [],
    deadlineMs: null,
    quorum: 1,
    numDevices: 5,
  };
  const { evaluations } = recordStep(plan, contributions, { seconds: 3, bytes: { up: 0, down: 0, takenOver: { up: 0, down: 0 } } });
  const [personalised, global] = evaluations;
  expect(personalised).toMatchObject({ protocol: "personalised", numExamples: 11, numDevices: 3, accuracy: 6 / 11 });
  expect(personalised?.byDevice).toEqual({ deviceIds: [2, 7], numRight: [5, 1], numExamples: [7, 4], loss: [1, 0.5] });
  expect(global?.byDevice).toBeUndefined();
});
