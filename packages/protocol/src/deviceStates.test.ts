import type { Tensor } from "@tutti/core";
import { expect, test } from "vitest";
import { CodecError, encodeParams } from "./codec.ts";
import { decodeDeviceState, encodeDeviceState } from "./deviceStates.ts";

function tensor(shape: readonly number[], values: readonly number[]): Tensor {
  return { shape, data: Float32Array.from(values) };
}

const local = { "prefix/4": tensor([2, 2], [0.1, 0.2, 0.3, 0.4]) };
const moments = { m: { "prefix/4": tensor([2, 2], [1e-9, 2, 3, 4]) }, v: { "prefix/4": tensor([2, 2], [5, 6, 7, 8]) }, step: 16_777_215 };

test("P-56 a device state comes back to the bit, with and without moments", () => {
  for (const state of [
    { local, moments, stageSteps: 37, stage: "train" },
    { local, moments: null, stageSteps: 0 },
    { local: {}, moments: { m: {}, v: {}, step: 0 }, stageSteps: 5, stage: "count" },
    { local: {}, moments, stageSteps: 5, stage: "train", live: [65_535, 0, 513] },
  ] as const) {
    expect(decodeDeviceState(encodeDeviceState(state))).toEqual(state);
  }
});

test("P-56 bytes that are tensors but no device state are refused", () => {
  const steps = tensor([3], [37, -1, 2]);
  const bad = [
    { ...local },
    { steps: tensor([3], [37, -2, 2]), ...local },
    { steps: tensor([3], [3.5, -1, 2]) },
    { steps: tensor([3], [37, -1, 3]) },
    { steps: tensor([2], [37, -1]) },
    { steps: tensor([4], [1, 2, 2, 0]) },
    { steps, other: tensor([1], [1]) },
    { steps, live: tensor([1], [65_536]) },
    { steps, live: tensor([2], [1, 0.5]) },
    { steps, "m:prefix/4": tensor([1], [1]) },
  ];
  for (const params of bad) expect(() => decodeDeviceState(encodeParams(params, "f32"))).toThrow(CodecError);
  expect(() => decodeDeviceState(new Uint8Array(3))).toThrow(CodecError);
});

test("P-56 more steps than can be counted are refused by the sender", () => {
  expect(() => encodeDeviceState({ local, moments: null, stageSteps: 2 ** 24 })).toThrow(CodecError);
});
