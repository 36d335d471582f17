import { expect, test } from "vitest";
import type { Params } from "../../params.ts";
import { createRandom } from "../../random.ts";
import type { Contribution } from "../../task.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf, withDevices } from "../../testing/run.ts";
import { fedPepTao } from "./index.ts";
import type { FedPepTaoSettings } from "./settings.ts";
import type { FedPepTaoState } from "./state.ts";

const numExamples = [1, 3, 2, 2];
const rounds = [
  { devices: [0, 1], steps: [2, 4], deltas: [0.1, -0.02] },
  { devices: [1, 2], steps: [4, 3], deltas: [0.05, -0.04] },
  { devices: [3, 0], steps: [1, 2], deltas: [-0.03, 0.06] },
];

/** The trace of fedpeptao.md §5: one parameter, four devices, W = 0. */
function start(settings: Partial<FedPepTaoSettings> = {}): FedPepTaoState {
  const run = testRun(
    { numDevices: 4, cohortSize: 2, evaluateEvery: 100, numRounds: 100 },
    { selector: "all", initialPrompts: "fresh", serverLearningRate: 0.05, ...settings },
  );
  const training = { ...run.training, clientLearningRate: 0.04 };
  return fedPepTao.init({ ...run, training }, testShape(1), paramsOf({ "prefix/0": [0] }));
}

function step(state: FedPepTaoState, round: number, change: (contributions: Contribution[]) => Contribution[] = (same) => same) {
  const { devices, steps, deltas } = rounds[round];
  const plan = withDevices(planOf(fedPepTao, state, rosterOf(numExamples), createRandom(1), 1), devices);
  const contributions = devices.map((id, k) => trained(id, numExamples[id], steps[k], paramsOf({ "prefix/0": [deltas[k]] })));
  return fedPepTao.aggregate(state, plan, change(contributions));
}

function trace(settings: Partial<FedPepTaoSettings>): FedPepTaoState[] {
  const states = [start(settings)];
  for (const round of rounds.keys()) states.push(step(states[round], round));
  return states.slice(1);
}

const value = (state: FedPepTaoState, name: string) => state.tensors[name]?.data[0] ?? 0;

/** f32 keeps 1.2e-7 of a value, here up to 1.9 after three roundings; the table has eight decimals. */
const tolerance = 1e-7;

test.each([
  { serverStep: "sequential", average: 0.04127837, V: [0, -0.31707505, -0.69583005], W: [0.01, 0.04127837, 0.09683441] },
  { serverStep: "parallel", average: 0.03827038, V: [0, -0.28829048, -0.37098048], W: [0.01, 0.03827038, 0.05645028] },
] as const)("the $serverStep server step gives the golden trace", ({ serverStep, average, V, W }) => {
  const states = trace({ serverStep });
  const control = [-0.16666667, -0.10119048, -0.17559524];
  const displacement = [-0.01, -0.014, 0];
  const averages = [0.01, 0.024, average];
  for (const [round, state] of states.entries()) {
    const before = round === 0 ? 0 : value(states[round - 1], "W/prefix/0");
    expect(Math.abs(before - value(state, "Dprev/prefix/0") - averages[round])).toBeLessThan(tolerance);
    expect(Math.abs(value(state, "Dprev/prefix/0") - displacement[round])).toBeLessThan(tolerance);
    expect(Math.abs(value(state, "c/prefix/0") - control[round])).toBeLessThan(tolerance);
    expect(Math.abs(value(state, "V/prefix/0") - V[round])).toBeLessThan(tolerance);
    expect(Math.abs(value(state, "W/prefix/0") - W[round])).toBeLessThan(tolerance);
  }
  const controls = [-1.89880952, -0.02083333, 0.5, 0.85119048];
  for (const [id, expected] of controls.entries()) {
    expect(Math.abs(value(states[2], `c/${id}/prefix/0`) - expected)).toBeLessThan(tolerance);
  }
});

test.each(["sequential", "parallel"] as const)("a dropped control variate or momentum changes W: %s", (serverStep) => {
  const whole = value(trace({ serverStep })[2], "W/prefix/0");
  expect(Math.abs(value(trace({ serverStep, controlVariates: false })[2], "W/prefix/0") - whole)).toBeGreaterThan(1e-3);
  expect(Math.abs(value(trace({ serverStep, serverMomentum: 0 })[2], "W/prefix/0") - whole)).toBeGreaterThan(1e-3);
  const withoutVelocity = step(forget(trace({ serverStep })[1], "V/"), 2);
  expect(Math.abs(value(withoutVelocity, "W/prefix/0") - whole)).toBeGreaterThan(1e-3);
  const withoutControls = step(forget(trace({ serverStep })[1], "c/"), 2);
  expect(Math.abs(value(withoutControls, "W/prefix/0") - whole)).toBeGreaterThan(1e-3);
});

test("a device whose claim is limited counts with as many steps as the limit has, in the mean of the control variates alone", () => {
  const free = start();
  const run = { ...free.values.run, roster: "open", maxCountedExamples: 3, minDevices: 1 } as const;
  const training = { ...run.training, localEpochs: 1, batchSize: 1 };
  const limited = { ...free, values: { ...free.values, run: { ...run, training } } };
  const after = step(limited, 0);
  // c_0⁺ = −0.1 / (2 · 0.04) and c_1⁺ = 0.02 / (4 · 0.04) as ever; c⁺ = 0.5 · (2 · −1.25 + 3 · 0.125) / (2 + 3), with 3 in place of 4 steps
  expect(Math.abs(value(after, "c/0/prefix/0") + 1.25)).toBeLessThan(tolerance);
  expect(Math.abs(value(after, "c/1/prefix/0") - 0.125)).toBeLessThan(tolerance);
  expect(Math.abs(value(after, "c/prefix/0") + 0.2125)).toBeLessThan(tolerance);
});

test("the sequential step depends on the sampling order, the parallel one on nothing but who contributed", () => {
  const swapped = { sequential: 0, parallel: 0 };
  const straight = { sequential: 0, parallel: 0 };
  for (const serverStep of ["sequential", "parallel"] as const) {
    const before = trace({ serverStep })[1];
    straight[serverStep] = value(step(before, 2), "W/prefix/0");
    const plan = withDevices(planOf(fedPepTao, before, rosterOf(numExamples), createRandom(1), 1), [0, 3]);
    const contributions = [trained(0, 1, 2, paramsOf({ "prefix/0": [0.06] })), trained(3, 2, 1, paramsOf({ "prefix/0": [-0.03] }))];
    swapped[serverStep] = value(fedPepTao.aggregate(before, plan, contributions), "W/prefix/0");
  }
  expect(swapped.parallel).toBe(straight.parallel);
  expect(Math.abs(swapped.sequential - straight.sequential)).toBeGreaterThan(1e-3);
});

test.each(["sequential", "parallel"] as const)("contributions may arrive in any order: %s", (serverStep) => {
  const before = trace({ serverStep })[1];
  const reversed = step(before, 2, (contributions) => contributions.toReversed());
  expect(valuesOf(reversed.tensors)).toEqual(valuesOf(step(before, 2).tensors));
});

test("a device that did not contribute is left out of every sum, and of ρ", () => {
  const alone = step(start(), 0, ([first]) => [first]);
  expect(value(alone, "W/prefix/0")).toBeCloseTo(0.1, 7);
  expect(value(alone, "c/prefix/0")).toBeCloseTo((1 / 4) * (-0.1 / (2 * 0.04)), 7);
  expect(alone.tensors["c/1/prefix/0"]).toBeUndefined();
});

test("contributions of zeros change the result", () => {
  const zeroed = step(trace({})[1], 2, (contributions) => contributions.map((c) => trained(c.deviceId, c.numExamples, 2, zero)));
  expect(Math.abs(value(zeroed, "W/prefix/0") - value(trace({})[2], "W/prefix/0"))).toBeGreaterThan(1e-3);
});

test("the displacement itself can be the pseudo-gradient", () => {
  const [, second] = trace({ pseudoGradient: "displacement", controlVariates: false });
  const displacement = -(0.6 * 0.05 + 0.4 * -0.04);
  expect(value(second, "V/prefix/0")).toBeCloseTo(0.1 * displacement, 8);
  expect(value(second, "W/prefix/0")).toBeCloseTo(0.01 - displacement - 0.05 * 0.99 * 0.1 * displacement, 8);
});

test("the server rate decays from the second round on, down to its floor", () => {
  const rates = trace({ serverLearningRateFloor: 0.0492 }).map((state) => state.values.serverLearningRate);
  expect(rates).toEqual([0.05, 0.0495, 0.0492]);
  expect(start({ serverLearningRate: "client" }).values.serverLearningRate).toBe(0.04);
});

test("a reset device's control variate starts again from 0", () => {
  const before = trace({})[1];
  const reset = step(before, 2, (contributions) => contributions.map((c) => (c.deviceId === 0 ? { ...c, wasReset: true } : c)));
  const expected = -value(before, "c/prefix/0") - 0.06 / (2 * 0.04);
  expect(value(reset, "c/0/prefix/0")).toBeCloseTo(expected, 7);
  expect(value(reset, "c/3/prefix/0")).toBe(value(step(before, 2), "c/3/prefix/0"));
});

const zero: Params = paramsOf({ "prefix/0": [0] });

function forget(state: FedPepTaoState, prefix: string): FedPepTaoState {
  const kept = Object.entries(state.tensors).filter(([name]) => !name.startsWith(prefix));
  return { ...state, tensors: Object.fromEntries(kept) };
}
