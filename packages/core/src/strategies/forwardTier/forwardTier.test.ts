import { expect, test } from "vitest";
import { norm, type Params, subtract, zerosLike } from "../../params.ts";
import { signAt } from "../../perturbation/signs.ts";
import { createRandom } from "../../random.ts";
import { runRounds } from "../../rounds.ts";
import type { RunSettings } from "../../run.ts";
import type { Contribution, Device } from "../../task.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf } from "../../testing/run.ts";
import { createSimulatedDevices, syntheticProblem } from "../../testing/simulatedDevices.ts";
import { createSimulatedPool } from "../../testing/simulatedPool.ts";
import { type FedAvgState, fedAvg } from "../fedAvg.ts";
import { backwardPassesOf, createStrategy, strategies, strategySchema } from "../table.ts";
import { countedShare, countSlopes, directionSeed, scaleOf, slopes, summedDirections } from "./estimate.ts";

const random = createRandom(11);
const tier = { numDirections: 3, perturbation: 0.01, maxExamples: 8 };

function runOf(changes: Partial<RunSettings> = {}, own: object = { forwardTier: tier }) {
  const strategy = strategySchema.parse({ ...fedAvg.defaults, ...own }) as RunSettings["strategy"] & typeof fedAvg.defaults;
  return { ...testRun({ numDevices: 3, minDevices: 3, cohortSize: 3, numRounds: 3, evaluateEvery: 3, ...changes }), strategy };
}

/** Devices with these numbers of examples, of which some compute forward passes alone. */
function roster(numExamples: readonly number[], forwardOnly: readonly number[]): Device[] {
  return rosterOf(numExamples).map((device) => (forwardOnly.includes(device.id) ? { ...device, isForwardOnly: true } : device));
}

function measured(deviceId: number, numExamples: number, values: readonly number[]): Contribution {
  return trained(deviceId, numExamples, values.length, paramsOf({ [slopes]: values }));
}

function started(run = runOf(), initial: Params = paramsOf({ "prefix/0": [0.5, -0.25], "prefix/1": [1, 0, 2] })): FedAvgState {
  return fedAvg.init(run, testShape(Object.keys(initial).length), initial);
}

const signsOf = (seed: number, size: number) => Array.from({ length: size }, (_, i) => signAt(seed, i));

test("a device that computes forward passes alone is asked for a slope of each direction, and others for what they were asked before", () => {
  const plan = planOf(fedAvg, started(), roster([3, 1, 2], [1]), random, 1);
  const plain = planOf(fedAvg, started(runOf({}, {})), roster([3, 1, 2], []), random, 1);
  const [task, ...others] = [...plan.tasks].sort((a) => (a.deviceId === 1 ? -1 : 1));
  expect(task.spec).toMatchObject({ kind: "train", forward: { ...tier, seed: expect.any(Number) } });
  expect(task.expects).toMatchObject({ shapes: { slopes: [3] }, encoding: "f32", numExamples: 1 });
  expect(task.parameterSets).toEqual(others[0].parameterSets);
  expect(others).toEqual(plain.tasks.filter(({ deviceId }) => deviceId !== 1));
  expect(planOf(fedAvg, started(), roster([3, 1, 2], [1]), random, 1)).toEqual(plan);
  const seedIn = (attempt: number, id: number) => {
    const { spec } =
      planOf(fedAvg, started(), roster([3, 1, 2], [0, 1]), random, attempt).tasks.find(({ deviceId }) => deviceId === id) ?? {};
    return spec?.kind === "train" ? spec.forward?.seed : undefined;
  };
  expect(new Set([seedIn(1, 0), seedIn(1, 1), seedIn(2, 1)]).size).toBe(3);
});

test("without the setting nobody is asked for slopes, and with it a round of gradient devices gives the same bits", () => {
  const plan = planOf(fedAvg, started(runOf({}, {})), roster([3, 1, 2], [1]), random, 1);
  expect(plan.tasks.some(({ spec }) => "forward" in spec)).toBe(false);
  const answers = [0, 1, 2].map((id) => trained(id, id + 1, 4, paramsOf({ "prefix/0": [id, 0.3], "prefix/1": [0.1, -id, 0.7] })));
  const [without, withTier] = [runOf({}, {}), runOf()].map((run) => fedAvg.aggregate(started(run), plan, answers));
  expect(withTier.tensors).toEqual(without.tensors);
  expect("changeScale" in without.values).toBe(false);
});

test("directions are numbered through the tensors in name order, and direction j has the signs of seed + j", () => {
  const like = paramsOf({ "b/1": [0, 0, 0], "a/0": [0, 0] });
  const seed = 2 ** 32 - 2;
  const found = summedDirections(like, Float32Array.of(0.5, -2, 4), { seed });
  const rows = [seed, seed + 1, 0].map((one) => signsOf(one, 5));
  const expected = [0, 1, 2, 3, 4].map((i) => 0.5 * rows[0][i] - 2 * rows[1][i] + 4 * rows[2][i]);
  expect([...valuesOf(found)["a/0"], ...valuesOf(found)["b/1"]]).toEqual(expected);
  expect(directionSeed({ seed }, 2)).toBe(0);
});

test("the estimate is the gradient on average, and its variance is (d − 1) / m times the squared gradient", () => {
  const gradient = [0.5, -1, 2, 0.25, 0, -0.75, 1.5];
  const squared = gradient.reduce((sum, value) => sum + value * value, 0);
  const [d, m, numDraws] = [gradient.length, 3, 6000];
  const like = paramsOf({ "prefix/0": gradient.map(() => 0) });
  const mean = new Array<number>(d).fill(0);
  let variance = 0;
  for (let draw = 0; draw < numDraws; draw++) {
    const seed = 1000 + m * draw;
    const values = Float32Array.from({ length: m }, (_, j) => signsOf(seed + j, d).reduce((sum, sign, i) => sum + sign * gradient[i], 0));
    const estimate = valuesOf(summedDirections(like, values, { seed }))["prefix/0"].map((value) => value / m);
    for (const [i, value] of estimate.entries()) {
      mean[i] += value / numDraws;
      variance += (value - gradient[i]) ** 2 / numDraws;
    }
  }
  // a coordinate's deviation is at most √(‖g‖² / m) = 1.7, so a mean's of 6,000 draws 0.022: four of those
  for (const [i, value] of mean.entries()) expect(Math.abs(value - gradient[i])).toBeLessThan(0.09);
  expect(variance / ((squared * (d - 1)) / m)).toBeCloseTo(1, 1);
});

test("length and spread are those of gradient devices, weighted by examples", () => {
  const of = (id: number, numExamples: number, values: readonly number[]) => trained(id, numExamples, 1, paramsOf({ "prefix/0": values }));
  const two = [of(0, 1, [3, 4]), of(1, 3, [1, 0])] as Parameters<typeof scaleOf>[0];
  // mean (1.5, 1): ℓ² = (25 + 3 · 1) / 4; Σ p ‖Δ − mean‖² = (2.25 + 9 + 3 (0.25 + 1)) / 4 = 3.75, over 1 − 1/16 − 9/16
  expect(scaleOf(two)).toEqual({ lengthSquared: 7, spreadSquared: expect.closeTo(3.75 / 0.375, 12) });
  expect(scaleOf([two[0]])).toEqual({ lengthSquared: 25, spreadSquared: 25 });
  expect(countedShare({ lengthSquared: 7, spreadSquared: 10 }, 4, 13)).toBe(10 / (10 + 21));
  expect(countedShare({ lengthSquared: 7, spreadSquared: 0 }, 4, 13)).toBe(0);
  expect(countedShare({ lengthSquared: 7, spreadSquared: 0 }, 4, 1)).toBe(1); // one value, one direction: exact
});

test("a quarter of the gradient devices makes the steps of those that measure no longer, whatever it claims", () => {
  const of = (id: number, values: readonly number[]) => trained(id, 2, 1, paramsOf({ "prefix/0": values }));
  const honest = [of(0, [3, 4]), of(1, [0, 2]), of(2, [-1, 0])];
  const claims = [1, 1e4].map((factor) => scaleOf([...honest, of(3, [6 * factor, 8 * factor])] as Parameters<typeof scaleOf>[0]));
  expect(claims[1]).toEqual({ lengthSquared: expect.closeTo((25 + 4 + 1 + 25) / 4, 4), spreadSquared: expect.any(Number) });
  expect(claims[1].spreadSquared).toBeCloseTo(claims[0].spreadSquared, 4);
});

test("in a round with both kinds W moves by the mean of gradient changes and measured ones, weighted by examples and variance", () => {
  const state = started(runOf(), paramsOf({ "prefix/0": [0.5, -0.25], "prefix/1": [1] }));
  const plan = planOf(fedAvg, state, roster([2, 6, 5], [2]), random, 1);
  const spec = plan.tasks.find(({ deviceId }) => deviceId === 2)?.spec;
  const seed = (spec?.kind === "train" ? spec.forward?.seed : undefined) ?? 0;
  const changes = [
    [3, 4, 0],
    [1, 0, 0],
  ];
  const answers = changes.map(([x, y, z], id) => trained(id, id === 0 ? 2 : 6, 1, paramsOf({ "prefix/0": [x, y], "prefix/1": [z] })));
  const next = fedAvg.aggregate(state, plan, [...answers, measured(2, 5, [0.5, -1, 2])]);
  const [lengthSquared, spreadSquared] = [7, 10]; // as above: 2 and 6 examples are 1 and 3
  const share = 10 / (10 + (7 * 2) / 3);
  const rows = [0, 1, 2].map((j) => signsOf((seed + j) >>> 0, 3));
  const length = Math.sqrt((0.25 + 1 + 4) / 3);
  const third = [0, 1, 2].map((i) => ((-Math.sqrt(7) / length) * (0.5 * rows[0][i] - rows[1][i] + 2 * rows[2][i])) / 3);
  const total = 2 + 6 + 5 * share;
  const expected = [0.5, -0.25, 1].map((w, i) => w + (2 * changes[0][i] + 6 * changes[1][i] + 5 * share * third[i]) / total);
  const found = valuesOf(fedAvg.globalParams(next));
  for (const [i, value] of [...found["prefix/0"], ...found["prefix/1"]].entries()) expect(value).toBeCloseTo(expected[i], 5);
  expect(next.values.changeScale).toEqual({ lengthSquared, spreadSquared: expect.closeTo(spreadSquared, 12) });
});

test("whatever length slopes claim, they move W as far, and slopes of 0 move nothing", () => {
  const state = started();
  const plan = planOf(fedAvg, state, roster([2, 6, 5], [2]), random, 1);
  const change = paramsOf({ "prefix/0": [0.5, 0.25], "prefix/1": [0, 1, 0] });
  const after = (values: readonly number[]) =>
    fedAvg.globalParams(fedAvg.aggregate(state, plan, [trained(0, 2, 1, change), trained(1, 6, 1, change), measured(2, 5, values)]));
  const moved = ({ lengthSquared, spreadSquared }: { lengthSquared: number; spreadSquared: number }, values: readonly number[]) => {
    const { contributions } = countSlopes(plan, [measured(2, 5, values)], { lengthSquared, spreadSquared });
    const [{ body, numExamples }] = contributions;
    return body.kind === "train" ? { length: norm(body.delta), numExamples } : null;
  };
  const scale = { lengthSquared: 4, spreadSquared: 3 };
  expect(moved(scale, [500, -1000, 2000])).toEqual(moved(scale, [0.5, -1, 2]));
  expect(moved(scale, [0, 0, 0])).toEqual({ length: 0, numExamples: 5 });
  // ‖ĝ‖ is at most the largest singular value of the directions over √m times ‖g‖: here √(d m) / √m
  expect(moved(scale, [1e4, 0, 0])?.length).toBeCloseTo(2 * Math.sqrt(5 / 3), 5);
  // both gradient devices say the same: nothing speaks for a noisier third
  expect(after([0.5, -1, 2])).toEqual(after([0, 0, 0]));
});

test("a round of measuring devices alone moves as far as gradient devices last did, and nowhere before there was one", () => {
  const all = roster([2, 6, 5], [0, 1, 2]);
  const state = started();
  const plan = planOf(fedAvg, state, all, random, 1);
  const answers = [measured(0, 2, [1, 2, 3]), measured(1, 6, [0, 1, 0]), measured(2, 5, [-1, 1, 0.5])];
  const nowhere = fedAvg.aggregate(state, plan, answers);
  expect(fedAvg.globalParams(nowhere)).toEqual(fedAvg.globalParams(state));
  expect("changeScale" in nowhere.values).toBe(false);
  const known = { ...state, values: { ...state.values, changeScale: { lengthSquared: 4, spreadSquared: 0 } } };
  const moved = fedAvg.aggregate(known, plan, answers);
  expect(norm(subtract(fedAvg.globalParams(moved), fedAvg.globalParams(known)))).toBeGreaterThan(0.5);
  expect(moved.values.changeScale).toEqual({ lengthSquared: 4, spreadSquared: 0 });
});

test("FedAvgM and FedOpt take measured slopes too, and every other strategy says that all of its devices need a backward pass, or none", () => {
  for (const name of ["fedAvg", "fedAvgM", "fedOpt"] as const) {
    const strategy = strategySchema.parse({ ...strategies[name].defaults, forwardTier: { numDirections: 4 } });
    expect(strategy).toMatchObject({ forwardTier: { numDirections: 4, perturbation: 0.01, maxExamples: 64 } });
    expect([backwardPassesOf({ strategy }), backwardPassesOf({ strategy: strategies[name].defaults })]).toEqual(["some", "all"]);
    const run = { ...runOf(), strategy };
    const decisions = createStrategy(run);
    const state = decisions.init(run, testShape(1), paramsOf({ "prefix/0": [0.5, -0.25] }));
    const plan = planOf(decisions, state, roster([2, 2, 2], [1]), random, 1);
    const change = (sign: number) => paramsOf({ "prefix/0": [sign, 0.5] });
    const moved = (values: readonly number[]) =>
      decisions.globalParams(
        decisions.aggregate(state, plan, [trained(0, 2, 1, change(1)), trained(2, 2, 1, change(-1)), measured(1, 2, values)]),
      );
    expect(moved([1, -2, 3, 0.5])).not.toEqual(moved([-1, 2, -3, -0.5]));
  }
  const passes = Object.values(strategies).map(({ name, defaults }) => [name, backwardPassesOf({ strategy: defaults })]);
  expect(passes.filter(([, which]) => which === "some")).toEqual([]);
  expect(Object.fromEntries(passes)).toMatchObject({
    fedBpt: "none",
    fedDtpt: "none",
    fedKSeed: "none",
    fedPepTao: "all",
    scaffold: "all",
  });
});

test("a run with a rule of aggregation, or whose devices tune W for themselves, cannot have such devices", () => {
  expect(() => started(runOf({ aggregation: { name: "coordinateMedian" } }))).toThrow(
    "leave aggregation out and fineTuneEpochs at 0, or leave forwardTier out",
  );
  expect(() => started(runOf({}, { forwardTier: tier, fineTuneEpochs: 2 }))).toThrow(
    "strategy.forwardTier: devices that compute forward passes alone",
  );
  expect(strategySchema.safeParse({ ...fedAvg.defaults, forwardTier: { numDirections: 0 } }).success).toBe(false);
  expect(strategySchema.safeParse({ ...fedAvg.defaults, forwardTier: { numDirections: 4, seed: 1 } }).success).toBe(false);
});

/** Squared distance of W to the mean target of all devices after a run, where these measure and only those take part. */
async function distanceAfter(forwardOnly: readonly number[], present: readonly number[], numDirections = 16): Promise<number> {
  const like = paramsOf({ "prefix/0": new Array<number>(40).fill(0) });
  const numExamples = [4, 4, 4, 4, 4, 4];
  const problem = syntheticProblem(3, like, numExamples);
  const devices = createSimulatedDevices(problem);
  const sizes = { numDevices: present.length, minDevices: present.length, cohortSize: present.length, numRounds: 30, evaluateEvery: 30 };
  const run = runOf(sizes, { forwardTier: { ...tier, numDirections } });
  const here = roster(numExamples, forwardOnly).filter(({ id }) => present.includes(id));
  const pool = createSimulatedPool(here, devices.answer);
  let state = started(run, zerosLike(like));
  for await (const event of runRounds({ strategy: fedAvg, state, pool, random }))
    if (event.kind === "closed") state = event.state as FedAvgState;
  const centre = like["prefix/0"].data.map((_, i) => problem.targets.reduce((sum, target) => sum + target["prefix/0"].data[i] / 6, 0));
  return fedAvg.globalParams(state)["prefix/0"].data.reduce((sum, value, i) => sum + (value - centre[i]) ** 2, 0);
}

test("with two gradient devices of six, the other four's slopes bring W nearer to what is best for all than leaving them out", async () => {
  const everybody = [0, 1, 2, 3, 4, 5];
  const [allByGradients, withTier, leftOut] = [
    await distanceAfter([], everybody),
    await distanceAfter([2, 3, 4, 5], everybody),
    await distanceAfter([], [0, 1]),
  ];
  expect(allByGradients).toBeLessThan(1e-6);
  expect(withTier).toBeLessThan(0.7 * leftOut);
  expect(withTier).toBeGreaterThan(allByGradients);
});
