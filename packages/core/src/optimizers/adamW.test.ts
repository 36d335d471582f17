import { expect, test } from "vitest";
import { createTensor, type Params, scale } from "../params.ts";
import { initAdamW, stepAdamW } from "./adamW.ts";
import { warmedUpRate } from "./warmup.ts";

const settings = { learningRate: 0.04, weightDecay: 0.1, clipNorm: 1 };

function params(a: readonly number[], b: readonly number[]): Params {
  return { a: createTensor([a.length], Float32Array.from(a)), b: createTensor([b.length], Float32Array.from(b)) };
}

test("the first step moves every value by the rate against its sign and then decays", () => {
  const { params: next, state } = stepAdamW(
    params([0.5, -2], [3]),
    params([0.3, -0.001], [0.02]),
    initAdamW(params([0, 0], [0])),
    settings,
  );
  // m/(1-.9) = g and √(v/(1-.999)) = |g| but for ε: √(1-.999)·ε-terms, at most 3e-4 of the step for the smallest gradient
  expect(next.a.data[0]).toBeCloseTo((0.5 - 0.04) * (1 - 0.004), 5);
  expect(next.a.data[1]).toBeCloseTo((-2 + 0.04) * (1 - 0.004), 4);
  expect(next.b.data[0]).toBeCloseTo((3 - 0.04) * (1 - 0.004), 5);
  expect(state.step).toBe(1);
});

test("three steps with clipping give the values of the formula, computed by hand", () => {
  const gradients = [params([3, -4], [12]), params([0.1, 0.2], [-0.2]), params([-6, 0], [8])]; // norms 13, 0.3, 10
  let [theta, state] = [params([0.5, -2], [3]), initAdamW(params([0, 0], [0]))];
  const exact = { theta: [0.5, -2, 3], m: [0, 0, 0], v: [0, 0, 0] };
  for (const [index, gradient] of gradients.entries()) {
    ({ params: theta, state } = stepAdamW(theta, gradient, state, settings));
    const k = index + 1;
    const size = [13, 0.3, 10][index];
    const clip = Math.min(1, 1 / (size + 1e-6));
    for (const [i, g] of [...gradient.a.data, ...gradient.b.data].map((value) => value * clip).entries()) {
      exact.m[i] = 0.9 * exact.m[i] + 0.1 * g;
      exact.v[i] = 0.999 * exact.v[i] + 0.001 * g * g;
      const rate = (0.04 * Math.sqrt(1 - 0.999 ** k)) / (1 - 0.9 ** k);
      exact.theta[i] -= (rate * exact.m[i]) / (Math.sqrt(exact.v[i]) + 1e-8);
      exact.theta[i] -= 0.04 * 0.1 * exact.theta[i];
    }
  }
  const found = [...theta.a.data, ...theta.b.data];
  for (const [i, value] of exact.theta.entries()) expect(found[i]).toBeCloseTo(value, 6); // f32 storage between steps
  // and as the same three steps in Python float64 gave them
  expect(found.map((value) => value.toFixed(5))).toEqual(["0.43100", "-1.92558", "2.87675"]);
  expect(state.step).toBe(3);
});

test("ε stands outside the root: a vanishing gradient takes a vanishing step", () => {
  const tiny = 1e-10;
  const { params: next } = stepAdamW(params([0, 0], [0]), params([tiny, 0], [0]), initAdamW(params([0, 0], [0])), {
    ...settings,
    weightDecay: 0,
  });
  // rate · m/(√v + ε) with m = 1e-11, √v = √.001 · 1e-10; inside the root ε would give 31.6 times less, without it −0.04
  const expected = (-((0.04 * Math.sqrt(0.001)) / 0.1) * 1e-11) / (Math.sqrt(0.001) * 1e-10 + 1e-8);
  expect(next.a.data[0] / expected).toBeCloseTo(1, 5);
});

test("clipping looks at all tensors together and not at each alone", () => {
  const start = initAdamW(params([0, 0], [0]));
  const { state } = stepAdamW(params([0, 0], [0]), params([3, 0], [4]), start, settings);
  expect(state.m.a.data[0]).toBeCloseTo(0.1 * 0.6, 6);
  expect(state.m.b.data[0]).toBeCloseTo(0.1 * 0.8, 6);
  const { state: small } = stepAdamW(params([0, 0], [0]), params([0.3, 0], [0.4]), start, settings);
  expect(small.m.b.data[0]).toBeCloseTo(0.1 * 0.4, 7);
});

test("clipping divides by the norm and a millionth more, which shows in tiny gradients", () => {
  const start = initAdamW(params([0, 0], [0]));
  const tight = { ...settings, clipNorm: 1e-6 };
  const { state } = stepAdamW(params([0, 0], [0]), params([3e-6, 0], [4e-6]), start, tight);
  expect(state.m.a.data[0] / (0.1 * 3e-6 * (1e-6 / 6e-6))).toBeCloseTo(1, 6); // ‖g‖ = 5e-6
});

test("nothing that is handed in is changed, and equal input gives equal bits", () => {
  const theta = params([0.5, -2], [3]);
  const gradient = params([0.3, 0.2], [-0.7]);
  const before = stepAdamW(theta, gradient, initAdamW(theta), settings);
  const again = stepAdamW(theta, gradient, initAdamW(theta), settings);
  expect(again).toEqual(before);
  const copy = structuredClone(before.state);
  stepAdamW(before.params, gradient, before.state, settings);
  expect(before.state).toEqual(copy);
  expect(theta).toEqual(params([0.5, -2], [3]));
});

test("moments are found by name, not by position", () => {
  const theta = params([0.5, -2], [3]);
  const gradient = params([0.3, 0.2], [-0.7]);
  const { state } = stepAdamW(theta, gradient, initAdamW(theta), settings);
  const turned = (p: Params): Params => ({ b: p.b, a: p.a });
  const expected = stepAdamW(theta, gradient, state, settings).params;
  expect(stepAdamW(theta, turned(gradient), { m: turned(state.m), v: turned(state.v), step: 1 }, settings).params).toEqual(expected);
});

test("a changed set of trained parameters is refused instead of going silently wrong", () => {
  const theta = params([0.5, -2], [3]);
  const { b: _, ...withoutB } = theta;
  expect(() => stepAdamW(theta, withoutB, initAdamW(theta), settings)).toThrow("tensor b: expected [1], found absent");
  expect(() => stepAdamW(theta, theta, initAdamW(withoutB), settings)).toThrow("tensor b");
  expect(() => stepAdamW(theta, scale(theta, Number.NaN), initAdamW(theta), settings)).toThrow("norm NaN is not finite");
});

test("the rate warms up linearly from a first step that is not zero", () => {
  expect([1, 5, 9, 10, 11].map((step) => warmedUpRate(0.04, step, 10))).toEqual([0.004, 0.02, 0.036, 0.04, 0.04]);
  expect(warmedUpRate(0.04, 1, 0)).toBe(0.04);
});
