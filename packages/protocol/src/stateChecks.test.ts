import type { DeviceState, Tensor } from "@tutti/core";
import { expect, test } from "vitest";
import { checkDeviceState, type StateExpectation } from "./stateChecks.ts";

const tensor = (shape: readonly number[], value: number): Tensor => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
});

const expected: StateExpectation = {
  stage: "train",
  numSteps: 6,
  trained: { "prefix/0": [2, 3], "prefix/1": [2, 3], "head/bias": [5] },
  shared: { "prefix/0": [2, 3], "head/bias": [5] },
  isPersonalised: true,
  hasOwnRanks: false,
  clipNorm: 2,
};
const sound: DeviceState = {
  local: { "prefix/1": tensor([2, 3], 0.5) },
  moments: { m: { "prefix/0": tensor([2, 3], -0.25) }, v: { "prefix/0": tensor([2, 3], 0.125) }, step: 6 },
  stageSteps: 12,
  stage: "train",
};

const messageOf = (state: DeviceState, change: Partial<StateExpectation> = {}) =>
  checkDeviceState(state, { ...expected, ...change })?.message ?? null;
const withMoments = (change: Partial<NonNullable<DeviceState["moments"]>>): DeviceState => ({
  ...sound,
  moments: { m: {}, v: {}, step: 6, ...change },
});

test("a state of the task's stage, names, shapes and magnitudes is taken (P-124)", () => {
  expect(messageOf(sound)).toBeNull();
  expect(messageOf({ ...sound, moments: null })).toBeNull();
  expect(messageOf({ ...sound, local: {} })).toBeNull();
  expect(messageOf({ ...sound, local: { "prefix/1": tensor([1, 3], 1e4) } }, { hasOwnRanks: true })).toBeNull();
});

test("a state names the components that are alive in its task, and none where the task names none (P-235)", () => {
  expect(messageOf({ ...sound, live: [5, 9] }, { live: [5, 9] })).toBeNull();
  for (const [own, asked] of [
    [
      [5, 8],
      [5, 9],
    ],
    [undefined, [5, 9]],
    [[5, 9], undefined],
  ] as const)
    expect(messageOf({ ...sound, ...(own === undefined ? {} : { live: own }) }, asked === undefined ? {} : { live: asked })).toBe(
      "device state: live: it names other components than the task",
    );
});

test.each<[string, DeviceState, Partial<StateExpectation>, string]>([
  ["another stage", { ...sound, stage: "count" }, {}, "stage count, expected train"],
  ["fewer steps than the task took", { ...sound, stageSteps: 5 }, {}, "5 steps in the stage, expected 6 or more"],
  ["moments with fewer steps", withMoments({ step: 5 }), {}, "5 steps of the moments, expected 6 or more"],
  [
    "a parameter that the run does not train",
    { ...sound, local: { "prefix/7": tensor([2, 3], 0) } },
    {},
    "local:prefix/7 is not a parameter",
  ],
  [
    "a parameter that travels back",
    { ...sound, local: { "prefix/0": tensor([2, 3], 0) } },
    {},
    "local:prefix/0 is there, but it travels back",
  ],
  ["anything where nothing stays", sound, { isPersonalised: false }, "local:prefix/1 is there, but nothing of this task stays"],
  [
    "another shape of as many values",
    { ...sound, local: { "prefix/1": tensor([3, 2], 0) } },
    {},
    "local:prefix/1: shape [3,2], expected [2,3]",
  ],
  ["a narrower shape", { ...sound, local: { "prefix/1": tensor([1, 3], 0) } }, {}, "local:prefix/1: shape [1,3], expected [2,3]"],
  [
    "a wider rank",
    { ...sound, local: { "prefix/1": tensor([3, 3], 0) } },
    { hasOwnRanks: true },
    "local:prefix/1: shape [3,3], expected [2,3]",
  ],
  ["a value above the bound", { ...sound, local: { "prefix/1": tensor([2, 3], 10_001) } }, {}, "local:prefix/1: largest magnitude 10001"],
  [
    "a value that is not a number",
    { ...sound, local: { "prefix/1": tensor([2, 3], Number.NaN) } },
    {},
    "local:prefix/1: largest magnitude NaN",
  ],
  [
    "a moment above ten clipped gradients",
    withMoments({ m: { "head/bias": tensor([5], 100_021) } }),
    {},
    "m:head/bias: largest magnitude 100021, at most 100020",
  ],
  ["a second moment below 0", withMoments({ v: { "head/bias": tensor([5], -0.5) } }), {}, "v:head/bias holds a value below 0"],
])("%s is refused (P-124)", (_, state, change, message) => {
  expect(messageOf(state, change)).toContain(message);
  expect(checkDeviceState(state, { ...expected, ...change })?.refused).toBe("P-124");
});
