import { expect, test } from "vitest";
import type { AggregationSettings } from "../../aggregation/table.ts";
import { createRandom } from "../../random.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf, withDevices } from "../../testing/run.ts";
import { fedPepTao } from "./index.ts";
import type { FedPepTaoSettings } from "./settings.ts";
import type { FedPepTaoState } from "./state.ts";

const numExamples = [1, 3, 2, 2, 2];
/** Device 2 is bad. N = 5, three devices in a round, so ρ = 3/5; η = 0.04, η_s = 0.05, β = 0.9. */
const rounds = [
  { steps: [2, 4, 5], deltas: [0.1, -0.02, 0.5] },
  { steps: [4, 3, 1], deltas: [-0.05, 0.04, 0.9] },
];

function start(aggregation: AggregationSettings | null, settings: Partial<FedPepTaoSettings> = {}, values = [0]): FedPepTaoState {
  const run = testRun(
    { numDevices: 5, cohortSize: 3, evaluateEvery: 100, numRounds: 100, ...(aggregation === null ? {} : { aggregation }) },
    { selector: "all", initialPrompts: "fresh", serverLearningRate: 0.05, ...settings },
  );
  const training = { ...run.training, clientLearningRate: 0.04 };
  return fedPepTao.init({ ...run, training }, testShape(1), paramsOf({ "prefix/0": values }));
}

function trace(aggregation: AggregationSettings): FedPepTaoState[] {
  const states = [start(aggregation)];
  for (const [round, { steps, deltas }] of rounds.entries()) {
    const plan = withDevices(planOf(fedPepTao, states[round], rosterOf(numExamples), createRandom(1), 1), [0, 1, 2]);
    const contributions = deltas.map((delta, id) => trained(id, numExamples[id], steps[id], paramsOf({ "prefix/0": [delta] })));
    states.push(fedPepTao.aggregate(states[round], plan, contributions));
  }
  return states.slice(1);
}

const value = (state: FedPepTaoState, name: string) => state.tensors[name]?.data[0] ?? 0;

/** f32 keeps 6e-8 of a value, here up to 2.8 after a few roundings. */
const tolerance = 5e-7;

interface Expected {
  readonly A: number;
  readonly c: number;
  readonly controls: readonly number[];
  readonly V: number;
  readonly W: number;
}

function expectRound(state: FedPepTaoState, before: number, { A, c, controls, V, W }: Expected): void {
  const close = (found: number, expected: number) => expect(Math.abs(found - expected)).toBeLessThan(tolerance);
  close(before - value(state, "Dprev/prefix/0"), A);
  close(value(state, "c/prefix/0"), c);
  for (const [id, expected] of controls.entries()) close(value(state, `c/${id}/prefix/0`), expected);
  close(value(state, "V/prefix/0"), V);
  close(value(state, "W/prefix/0"), W);
}

test("the parallel step by hand, with the median in the place of every mean and y_i clipped before c_i⁺", () => {
  const [first, second] = trace({ name: "coordinateMedian" });
  // norms 0.1, 0.02, 0.5: clipped to 0.1, within which all but one are, 0.1, −0.02, 0.1; A = median of 0.1, −0.02, 0.5
  // c_i⁺ = −0.1/0.08, 0.02/0.16, −0.1/0.2 = −1.25, 0.125, −0.5; c = 0.6 · −0.5
  expectRound(first, 0, { A: 0.1, c: -0.3, controls: [-1.25, 0.125, -0.5], V: 0, W: 0.1 });
  // clipped to 0.05: −0.05, 0.04, 0.05; A = 0.1 + 0.04, D = −0.04; c_i⁺ − c_i = 0.3 + 0.3125, 0.3 − 0.3333, 0.3 − 1.25 = 0.6125, −0.0333, −0.95
  // c_i⁺ = −0.6375, 0.0917, −1.45, whose median is −0.6375; c = −0.3 + 0.6 · −0.0333 = −0.32
  // G = −0.1 + 0.04 = −0.06; V = 0.1 · −0.06 − 0.32 + 0.6375 = 0.3115; W = 0.14 − 0.0495 · 0.3115
  expectRound(second, 0.1, { A: 0.14, c: -0.32, controls: [-0.6375, 0.0916666667, -1.45], V: 0.3115, W: 0.12458075 });
});

test("the parallel step by hand, with updates clipped to a fixed norm and means of what follows from them", () => {
  const [first, second] = trace({ name: "normClipping", maxNorm: 0.1 });
  // clipped: 0.1, −0.02, 0.1; A = (0.1 − 3 · 0.02 + 2 · 0.1) / 6; c = 0.6 (2 · −1.25 + 4 · 0.125 + 5 · −0.5) / 11
  expectRound(first, 0, { A: 0.04, c: -0.24545454545, controls: [-1.25, 0.125, -0.5], V: 0, W: 0.04 });
  // clipped: −0.05, 0.04, 0.1; A = 0.04 + (−0.05 + 3 · 0.04 + 2 · 0.1) / 6; c_i⁺ − c_i = 0.245455 + 0.3125, − 0.333333, − 2.5
  // Σ p_i c_i⁺ = (−0.692045 + 3 · 0.037121 − 2 · 2.754545) / 6 = −1.014962; V = −0.1 · −(−0.04 + 0.045) … as fedpeptao.md §5 has it
  expectRound(second, 0.04, {
    A: 0.085,
    c: -0.26693181818,
    controls: [-0.69204545455, 0.03712121212, -2.75454545455],
    V: 0.7485303030303,
    W: 0.04794775,
  });
});

test("a rule that clips nothing gives the step without a rule, with every option, over tensors of several values", () => {
  const random = createRandom(11).stream({ purpose: "updates" });
  const draws = Array.from({ length: 3 }, () => Array.from({ length: 3 }, () => Array.from({ length: 4 }, () => 0.1 * random.normal())));
  for (const options of [{}, { pseudoGradient: "displacement" }, { controlVariates: false }] as const) {
    const finals = [null, { name: "adaptiveClipping", quantile: 1 } as const].map((aggregation) => {
      let state = start(aggregation, options, [0.1, -0.2, 0.3, 0.4]);
      for (const [round, deltas] of draws.entries()) {
        const plan = withDevices(planOf(fedPepTao, state, rosterOf(numExamples), createRandom(1), 1), [0, 1, 2]);
        const contributions = deltas.map((delta, id) => trained(id, numExamples[id], 2 + id + round, paramsOf({ "prefix/0": delta })));
        state = fedPepTao.aggregate(state, plan, contributions);
      }
      return state;
    });
    expect(Object.keys(finals[1].tensors)).toEqual(Object.keys(finals[0].tensors));
    for (const [name, values] of Object.entries(valuesOf(finals[0].tensors))) {
      for (const [i, expected] of values.entries()) expect(Math.abs(finals[1].tensors[name].data[i] - expected)).toBeLessThan(tolerance);
    }
  }
});

test("what one device sends moves neither W nor c nor its own c_i beyond a bound", () => {
  const [mild] = trace({ name: "coordinateMedian" });
  const state = start({ name: "coordinateMedian" });
  const plan = withDevices(planOf(fedPepTao, state, rosterOf(numExamples), createRandom(1), 1), [0, 1, 2]);
  const wild = fedPepTao.aggregate(
    state,
    plan,
    [0.1, -0.02, 9_999].map((delta, id) => trained(id, numExamples[id], rounds[0].steps[id], paramsOf({ "prefix/0": [delta] }))),
  );
  expect(valuesOf(wild.tensors)).toEqual(valuesOf(mild.tensors));
});

test("sequential steps are refused with a rule, with the way out, and go on without one", () => {
  expect(() => start({ name: "coordinateMedian" }, { serverStep: "sequential" })).toThrow(
    "strategy.serverStep: sequential steps go from device to device",
  );
  expect(() => start({ name: "mean" }, { serverStep: "sequential" })).not.toThrow();
  expect(() => start(null, { serverStep: "sequential" })).not.toThrow();
});
