import type { Contribution, Params } from "@tutti/core";
import { expect, test } from "vitest";
import { movementOf } from "./movement.ts";

const shape = { layerNames: [["prefix/0"], ["prefix/1"], ["prefix/2"]] };

function contribution(deviceId: number, values: Readonly<Record<string, readonly number[]>>): Contribution {
  const delta: Params = Object.fromEntries(
    Object.entries(values).map(([name, data]) => [name, { shape: [data.length], data: Float32Array.from(data) }]),
  );
  return { deviceId, numExamples: 7, body: { kind: "train", numSteps: 4, firstLoss: 2, lastLoss: 1, delta } };
}

const two = [
  contribution(0, { "prefix/0": [3, 0], "prefix/2": [0, 4], "head/bias": [0] }),
  contribution(1, { "prefix/0": [1, 2], "prefix/2": [0, 0], "head/bias": [2] }),
];

test("a step's movement is the mean norm of what was sent, how far devices are from their mean, and the mean's norm by layer", () => {
  const movement = movementOf(two, { shape, tensors: {} });
  // ‖Δ_0‖ = 5, ‖Δ_1‖ = 3; means (2, 1), (0, 2), (1); each device is √(1 + 1 + 4 + 1) from them
  expect(movement).toEqual({ update: 4, drift: 2.64575, layers: [2.23607, null, 2] });
});

test("the server's control variate is measured over what travelled, and those of single devices are not", () => {
  const tensor = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });
  const tensors = { "c/prefix/0": tensor(2, 3), "c/prefix/2": tensor(6, 0), "c/1/prefix/0": tensor(100, 100), "W/prefix/0": tensor(9, 9) };
  expect(movementOf(two, { shape, tensors })?.control).toBe(7);
});

test("devices that agree do not drift, and drift does not grow with their number", () => {
  const same = [0, 1, 2].map((id) => contribution(id, { "prefix/1": [3, 4] }));
  expect(movementOf(same, { shape, tensors: {} })).toEqual({ update: 5, drift: 0, layers: [null, 5, null] });
  const twice = [...two, ...two];
  expect(movementOf(twice, { shape, tensors: {} })).toEqual(movementOf(two, { shape, tensors: {} }));
});

test("devices that send parameters of different shapes are not compared", () => {
  expect(movementOf([...two, contribution(2, { "prefix/0": [1, 2, 3] })], { shape, tensors: {} })).toBeNull();
  expect(movementOf([], { shape, tensors: {} })).toBeNull();
});

test("slopes of devices that compute forward passes alone are no movement, and those of others are measured without them", () => {
  const slopes = contribution(2, { slopes: [1, -2, 3] });
  expect(movementOf([...two, slopes], { shape, tensors: {} })).toEqual(movementOf(two, { shape, tensors: {} }));
  expect(movementOf([slopes], { shape, tensors: {} })).toBeNull();
});
