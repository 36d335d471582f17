import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import type { Contribution, Device, RoundPlan } from "../task.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf, withDevices } from "../testing/run.ts";
import type { GlobalModelState } from "./globalModel.ts";
import { type ScaffoldSettings, scaffold } from "./scaffold.ts";
import type { Strategy, StrategyRun } from "./strategy.ts";
import { under } from "./tensors.ts";

const base = testRun({ numDevices: 4, cohortSize: 2, numRounds: 3, evaluateEvery: 3 });
const run: StrategyRun<ScaffoldSettings> = {
  ...base,
  training: { ...base.training, optimizer: "sgd", clientLearningRate: 0.25 },
  strategy: { name: "scaffold", serverLearningRate: 0.8 },
};
const numExamples = [9, 3, 2, 5]; // devices count alike
const roster = rosterOf(numExamples);
const random = createRandom(5);
const initial = paramsOf({ "prefix/0": [0.5] });

/** Loss ½ a (y − t)², K steps. */
const losses = [
  { a: 1, t: 1, numSteps: 2 },
  { a: 0.5, t: -2, numSteps: 4 },
  { a: 2, t: 0.4, numSteps: 3 },
  { a: 0.8, t: 3, numSteps: 2 },
];

/** The plan for these devices; the strategy chose others, whose corrections it holds. */
function planFor(state: GlobalModelState<ScaffoldSettings>, devices: readonly number[], known: readonly Device[] = roster): RoundPlan {
  const whole = { ...state, values: { ...state.values, run: { ...run, cohortSize: 4 } } };
  const plan = planOf(scaffold, whole, known, random, 1);
  return { ...plan, tasks: devices.flatMap((id) => plan.tasks.filter((task) => task.deviceId === id)) };
}

function correctionOf(plan: RoundPlan, device: number): number | null {
  const index = plan.tasks.find((task) => task.deviceId === device)?.parameterSets.correction;
  return index === undefined ? null : valuesOf(plan.payloads[index])["prefix/0"][0];
}

/** y ← y − η (g + c − c_i), K times from W. */
function train(plan: RoundPlan, device: number): Contribution {
  const { a, t, numSteps } = losses[device];
  const [w] = valuesOf(plan.payloads[0])["prefix/0"];
  let y = w;
  for (let step = 0; step < numSteps; step++) y -= 0.25 * (a * (y - t) + (correctionOf(plan, device) ?? 0));
  return trained(device, numExamples[device], numSteps, paramsOf({ "prefix/0": [y - w] }));
}

const keptValue = (state: GlobalModelState<ScaffoldSettings>, name: string) => valuesOf(under(state.tensors, `${name}/`))["prefix/0"][0];

/** By the formulas in float64: corrections, W, c and c_i after each round. */
const golden = [
  { devices: [0, 1], corrections: [null, null], w: 0.173681641, c: 0.149261475, variates: [-0.4375, 1.034545898] },
  { devices: [1, 2], corrections: [-0.885284424, 0.149261475], w: 0.160046118, c: 0.072092383, variates: [1.052099898, -0.326230367] },
  { devices: [3, 1], corrections: [0.072092383, -0.980007516], w: 0.522912234, c: -0.438230587, variates: [-2.051976033, 1.062784052] },
];

test("three rounds give the values computed by hand, in whatever order the contributions come", () => {
  for (const turn of [false, true]) {
    let state = scaffold.init(run, testShape(1), initial);
    for (const { devices, corrections, w, c, variates } of golden) {
      const plan = planFor(state, devices);
      for (const [i, device] of devices.entries()) {
        const found = correctionOf(plan, device);
        if (corrections[i] === null) expect(found).toBeNull();
        else expect(found).toBeCloseTo(corrections[i], 6); // f32 between rounds
      }
      const contributions = devices.map((device) => train(plan, device));
      state = scaffold.aggregate(state, plan, turn ? contributions.reverse() : contributions);
      expect(keptValue(state, "W")).toBeCloseTo(w, 6);
      expect(keptValue(state, "c")).toBeCloseTo(c, 6);
      for (const [i, device] of devices.entries()) expect(keptValue(state, `c/${device}`)).toBeCloseTo(variates[i], 6);
    }
    expect(keptValue(state, "c/0")).toBe(-0.4375); // was not sampled again
    expect(scaffold.summary(state)).toMatchObject({ serverLearningRate: 0.8, round: 3, step: 2 });
  }
});

test("c stays the mean of all c_i over all devices, those that never took part with 0", () => {
  let state = scaffold.init(run, testShape(1), initial);
  for (const { devices } of golden) {
    const plan = planFor(state, devices);
    state = scaffold.aggregate(
      state,
      plan,
      devices.map((device) => train(plan, device)),
    );
    const sum = [0, 1, 2, 3].reduce(
      (total, device) => total + (`c/${device}/prefix/0` in state.tensors ? keptValue(state, `c/${device}`) : 0),
      0,
    );
    expect(keptValue(state, "c")).toBeCloseTo(sum / 4, 6);
  }
});

test("a device that was reset starts from a control variate of 0", () => {
  let state = scaffold.init(run, testShape(1), initial);
  for (const { devices } of golden.slice(0, 2)) {
    const plan = planFor(state, devices);
    state = scaffold.aggregate(
      state,
      plan,
      devices.map((device) => train(plan, device)),
    );
  }
  const lost = roster.map((device) => (device.id === 1 ? { ...device, wasReset: true } : device));
  const plan = planFor(state, [1, 2], lost);
  expect(correctionOf(plan, 1)).toBe(keptValue(state, "c"));
  expect(correctionOf(plan, 2)).toBeCloseTo(keptValue(state, "c") - keptValue(state, "c/2"), 6);
  const [own, other] = [train(plan, 1), train(plan, 2)];
  const next = scaffold.aggregate(state, plan, [{ ...own, wasReset: true }, other]);
  const kept = keptValue(next, "c/2") - keptValue(state, "c/2");
  expect(keptValue(next, "c")).toBeCloseTo(keptValue(state, "c") + (keptValue(next, "c/1") + kept) / 4, 6);
});

test("the correction is sent as it will be decoded, and c_i comes out of what was sent", () => {
  const coarse = { ...run, paramsEncoding: "f16" } as const;
  let state = scaffold.init(coarse, testShape(1), initial);
  const first = withDevices(planOf(scaffold, state, roster, random, 1), [0, 1]);
  state = scaffold.aggregate(state, first, [train(first, 0), train(first, 1)]);
  const next = planOf(scaffold, state, roster, random, 1);
  for (const task of next.tasks) {
    const sent = correctionOf(next, task.deviceId) ?? Number.NaN;
    expect(sent * 2 ** 14).toBe(Math.round(sent * 2 ** 14)); // 11 bits from 2^-3 on
  }
  const device = next.tasks[0].deviceId;
  const { a, t, numSteps } = losses[device];
  let y = keptValue(state, "W");
  let sum = 0;
  for (let step = 0; step < numSteps; step++) {
    const gradient = a * (y - t);
    sum += gradient;
    y -= 0.25 * (gradient + (correctionOf(next, device) ?? 0));
  }
  const after = scaffold.aggregate(state, next, [train(next, device)]);
  expect(keptValue(after, `c/${device}`)).toBeCloseTo(sum / numSteps, 6);
});

test("it refuses an optimiser whose steps are not the gradients, and another strategy's run", () => {
  expect(() => scaffold.init({ ...run, training: base.training }, testShape(1), initial)).toThrow(
    "strategy scaffold: training.optimizer: scaffold needs sgd with a rate above 0",
  );
  const strategy: Strategy = scaffold; // as those see it who do not know which one it is
  expect(() => strategy.init(base, testShape(1), initial)).toThrow("the run is set to fedPepTao");
});
