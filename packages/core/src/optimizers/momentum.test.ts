import { expect, test } from "vitest";
import { createTensor, type Params } from "../params.ts";
import { clipFactor } from "./clip.ts";
import { initMomentum, stepMomentum } from "./momentum.ts";
import { addProximal } from "./proximal.ts";

const settings = { learningRate: 0.25, momentum: 0.9, weightDecay: 0, clipNorm: 100 };
const one = (value: number): Params => ({ w: createTensor([1], Float32Array.of(value)) });

test("the velocity keeps its share and adds the gradient", () => {
  const first = stepMomentum(one(3), one(2), initMomentum(one(0)), settings);
  expect(first.params.w.data[0]).toBe(2.5);
  const second = stepMomentum(first.params, one(-1), first.state, settings);
  expect(second.state.velocity.w.data[0]).toBeCloseTo(0.8, 6); // 0.9 · 2 − 1
  expect(second.params.w.data[0]).toBeCloseTo(2.3, 6);
  expect(first.state.velocity.w.data[0]).toBe(2);
});

test("decay is decoupled and follows the step", () => {
  const { params } = stepMomentum(one(3), one(2), initMomentum(one(0)), { ...settings, weightDecay: 0.2 });
  expect(params.w.data[0]).toBeCloseTo(2.5 * 0.95, 6);
});

test("the gradient is clipped by its global norm, once is enough", () => {
  const gradients: Params = { a: createTensor([1], Float32Array.of(30)), b: createTensor([2], Float32Array.of(-40, 0)) };
  expect(clipFactor(gradients, 5)).toBeCloseTo(0.1, 7);
  expect(clipFactor(gradients, 50.1)).toBe(1);
  const { state } = stepMomentum(gradients, gradients, initMomentum(gradients), { ...settings, clipNorm: 5 });
  expect(state.velocity.a.data[0]).toBeCloseTo(3, 6);
  expect(clipFactor(state.velocity, 5)).toBeCloseTo(1, 6);
});

test("without momentum it is plain SGD; a correction is added after the clipping", () => {
  const plain = { ...settings, momentum: 0, clipNorm: 1 };
  const { params, state } = stepMomentum(one(3), one(2), { velocity: one(7) }, { ...plain, correction: one(0.5) });
  expect(state.velocity.w.data[0]).toBeCloseTo(1.5, 6);
  expect(params.w.data[0]).toBeCloseTo(3 - 0.25 * 1.5, 6);
});

test("the proximal term pulls towards where the task started", () => {
  expect(addProximal(one(2), one(3), one(5), 0.25).w.data[0]).toBe(1.5); // 2 + .25 (3 − 5)
  expect(addProximal(one(2), one(3), one(5), 0)).toEqual(one(2));
  expect(() => addProximal(one(2), one(3), {}, 0.25)).toThrow("tensor w");
});
