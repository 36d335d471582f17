import { expect, test } from "vitest";
import { add, mapParams, type Params, pickNames } from "../../params.ts";
import { createRandom } from "../../random.ts";
import type { RunSettings } from "../../run.ts";
import { sparsePlaces } from "../../sparseParams.ts";
import { effectiveOf, factorsOf, loraRun, loraShape } from "../../testing/loraRun.ts";
import { paramsOf, planOf, rosterOf, trained } from "../../testing/run.ts";
import { fedAvg } from "../fedAvg.ts";
import type { SLoraState } from "./decisions.ts";
import { sLora } from "./index.ts";

const numExamples = [3, 1];
/** Of a matrix of 3 × 2, at LoRA's start. */
const factors = {
  b: [
    [0, 0],
    [0, 0],
    [0, 0],
  ],
  a: [
    [0.5, -1],
    [0.25, 2],
  ],
};
const initial = factorsOf(factors, [0.5]);

function runOf(
  own: { readonly sparseRounds?: number; readonly density?: number } = {},
  changes: Partial<Omit<RunSettings, "strategy">> = {},
) {
  return {
    ...loraRun({ numRounds: 4, evaluateEvery: 4, ...changes }),
    strategy: { name: "sLora", sparseRounds: 2, density: 0.5, ...own } as const,
  };
}

type Run = ReturnType<typeof runOf>;

/** The round's plan, and the state after devices sent these changes in it. */
function round(state: SLoraState, deltas: readonly Params[]) {
  const plan = planOf(sLora, state, rosterOf(numExamples), createRandom(1), 1);
  const sent = plan.tasks.map(({ deviceId }) => trained(deviceId, numExamples[deviceId], 2, deltas[deviceId]));
  return { plan, state: sLora.aggregate(state, plan, sent) };
}

const changes = (values: readonly number[], bias: number) => paramsOf({ "sparse/0/query": values, "head/bias": [bias] });
const placesOf = ({ seed, strategy }: Run) =>
  sparsePlaces(createRandom(seed), { name: "sparse/0/query", count: Math.round(6 * strategy.density), size: 6 });

/** The rounds of the first stage, in which devices send `values` and twice as much. */
function sparseRounds(run: Run, values: readonly number[]): SLoraState {
  let state = sLora.init(run, loraShape, initial);
  const once = changes(values, 0.25);
  for (let at = 0; at < run.strategy.sparseRounds; at++) state = round(state, [once, add(once, once)]).state;
  return state;
}

test("in the sparse rounds the masked elements' values and the head travel, and their mean is the next round's", () => {
  const run = runOf();
  const begun = sLora.init(run, loraShape, initial);
  const { plan, state } = round(begun, [changes([1, -2, 4], 0.5), changes([5, 2, -4], -0.5)]);
  expect(plan.payloads).toEqual([changes([0, 0, 0], 0.5)]); // differences start at 0, and nothing says where they lie
  for (const { expects, parameterSets } of plan.tasks) {
    expect(expects.shapes).toEqual({ "sparse/0/query": [3], "head/bias": [1] });
    expect(parameterSets).toEqual({ global: 0 });
  }
  // weights 3/4 and 1/4
  expect(sLora.globalParams(state)).toEqual(changes([2, -1, 2], 0.75));
  expect(sLora.summary(state)).toMatchObject({ sharedNames: ["sparse/0/query", "head/bias"], round: 2 });
});

test("who joins or looks in a sparse round has LoRA as it starts and the differences beside it, at LoRA's scale", () => {
  const run = runOf({ sparseRounds: 3 });
  const places = placesOf(run);
  const { state } = round(sLora.init(run, loraShape, initial), [changes([1, -2, 4], 0.5), changes([5, 2, -4], -0.5)]);
  const newcomer = sLora.newcomerParams(state);
  expect(pickNames(newcomer, ["lora/0/query/a", "lora/0/query/b"])).toEqual(pickNames(initial, ["lora/0/query/a", "lora/0/query/b"]));
  const dense = new Array<number>(6).fill(0);
  for (const [i, value] of [2, -1, 2].entries()) dense[places[i]] = value / 2; // alpha 4 over rank 2
  expect(effectiveOf(newcomer)).toEqual(dense);
  expect(newcomer["head/bias"].data).toEqual(Float32Array.of(0.75));
});

test("at full rank the switch gives the mean of the differences exactly, over LoRA's scale, and no difference is left beside it", () => {
  const run = runOf({ density: 1 });
  const values = [0.5, -0.25, 0.125, 1, 0.75, -0.5];
  const state = sparseRounds(run, values);
  const params = sLora.newcomerParams(state);
  expect(Object.keys(params).sort()).toEqual(["head/bias", "lora/0/query/a", "lora/0/query/b"]);
  expect(sLora.globalParams(state)).toEqual(params);
  // two rounds of 3/4 v + 1/4 · 2 v, over alpha / rank = 2
  for (const [i, value] of effectiveOf(params).entries()) expect(value).toBeCloseTo((2 * 1.25 * values[i]) / 2, 6);
  expect(params["head/bias"].data[0]).toBeCloseTo(0.5 + 2 * 1.25 * 0.25, 6);
  expect(Object.keys(state.tensors).every((name) => name.startsWith("W/"))).toBe(true);
});

test("the switch scales by alpha over the root of the rank where LoRA does", () => {
  const run = runOf({ density: 1 }, { tuning: { ...loraRun().tuning, alphaOver: "rootRank" } as RunSettings["tuning"] });
  const params = sLora.newcomerParams(sparseRounds(run, [0.5, -0.25, 0.125, 1, 0.75, -0.5]));
  expect(effectiveOf(params)[3]).toBeCloseTo((2 * 1.25) / (4 / Math.SQRT2), 6);
});

test("after rounds that changed nothing, or one element alone, A is orthonormal and only B is 0", () => {
  for (const values of [
    [0, 0, 0],
    [0, 3, 0],
  ]) {
    const params = sLora.globalParams(sparseRounds(runOf(), values));
    const [a, b] = [params["lora/0/query/a"].data, params["lora/0/query/b"].data];
    expect(a[0] ** 2 + a[1] ** 2).toBeCloseTo(1, 6);
    expect(a[2] ** 2 + a[3] ** 2).toBeCloseTo(1, 6);
    expect(a[0] * a[2] + a[1] * a[3]).toBeCloseTo(0, 6);
    const columnOf = (column: number) => Math.hypot(b[column], b[2 + column], b[4 + column]);
    expect(columnOf(1)).toBe(0);
    expect(columnOf(0)).toBeCloseTo(Math.abs(values[1] * 2 * 1.25) / 2, 6);
  }
});

test("after the switch a round is FedAvg's, of the factors", () => {
  const run = runOf();
  const state = sparseRounds(run, [1, -2, 3]);
  const start = sLora.globalParams(state);
  const others = mapParams(start, ({ shape, data }) => ({ shape, data: data.map((_, i) => 0.25 * i - 0.125) }));
  const { plan, state: after } = round(state, [others, start]);
  const averaging = { ...run, strategy: fedAvg.defaults };
  const like = planOf(fedAvg, fedAvg.init(averaging, loraShape, start), rosterOf(numExamples), createRandom(1), 1);
  const payload = plan.payloads[0];
  expect(plan.payloads).toHaveLength(1);
  expect(payload).toEqual(like.payloads[0]);
  const asked = ({ tasks }: typeof plan) =>
    tasks.map(({ deviceId, expects, spec }) => ({ deviceId, expects, spec })).sort((x, y) => x.deviceId - y.deviceId);
  expect(asked(plan)).toEqual(asked(like));
  const sent = like.tasks.map(({ deviceId }) => trained(deviceId, numExamples[deviceId], 2, [others, start][deviceId]));
  const expected = fedAvg.aggregate(fedAvg.init(averaging, loraShape, start), like, sent);
  expect(sLora.globalParams(after)).toEqual(fedAvg.globalParams(expected));
});

test("a rule of aggregation holds in the round of the switch too", () => {
  const roster = rosterOf([1, 1, 1]);
  const run = runOf(
    { sparseRounds: 1, density: 1 },
    { aggregation: { name: "coordinateMedian" }, numDevices: 3, minDevices: 3, cohortSize: 3 },
  );
  const played = (bad: number) => {
    const state = sLora.init(run, loraShape, initial);
    const plan = planOf(sLora, state, roster, createRandom(1), 1);
    const values = [[1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 7], new Array<number>(6).fill(bad)];
    return sLora.aggregate(
      state,
      plan,
      plan.tasks.map(({ deviceId }) => trained(deviceId, 1, 2, changes(values[deviceId], 0))),
    ).tensors;
  };
  expect(played(900)).toEqual(played(5000));
});

test("the seed draws the mask, and nothing else of the run does", () => {
  const of = (seed: number) =>
    effectiveOf(
      sLora.newcomerParams(
        round(sLora.init(runOf({}, { seed }), loraShape, initial), [changes([1, 2, 3], 0), changes([1, 2, 3], 0)]).state,
      ),
    );
  expect(new Set([1, 2, 3, 4].map((seed) => of(seed).map(Boolean).join())).size).toBeGreaterThan(1);
  expect(of(3)).toEqual(of(3));
});

test("a branch goes on in the stage that the state is in, and is refused where its settings say otherwise", () => {
  const run = runOf();
  const branch = (state: SLoraState, after: Run, at: number) => sLora.branch?.(state, after, at) ?? state;
  const sparse = round(sLora.init(run, loraShape, initial), [changes([1, 2, 3], 0), changes([1, 2, 3], 0)]).state;
  const longer = branch(sparse, runOf({ sparseRounds: 3 }), 1);
  expect(sLora.globalParams(longer)).toEqual(sLora.globalParams(sparse));
  expect(
    sLora.summary(
      round(round(longer, [changes([0, 0, 0], 0), changes([0, 0, 0], 0)]).state, [changes([1, 1, 1], 0), changes([1, 1, 1], 0)]).state,
    ).sharedNames,
  ).toEqual(["lora/0/query/a", "lora/0/query/b", "head/bias"]);
  expect(() => branch(sparse, runOf({ sparseRounds: 1 }), 1)).toThrow("strategy.sparseRounds: found 1, expected more than 1");
  expect(() => branch(sparse, runOf({ density: 0.25 }), 1)).toThrow("strategy.density: found 0.25, expected 0.5");
  expect(() => branch(sparse, runOf({}, { seed: 99 }), 1)).toThrow("seed: found 99");
  const later = sparseRounds(run, [1, 2, 3]);
  expect(() => branch(later, runOf({ sparseRounds: 4 }), 2)).toThrow("strategy.sparseRounds: found 4, expected at most 2");
  expect(sLora.globalParams(branch(later, runOf({}, { seed: 99 }), 2))).toEqual(sLora.globalParams(later));
});

test("a run that would end before the switch is refused, and so is one without LoRA", () => {
  expect(() => sLora.init(runOf({ sparseRounds: 5 }), loraShape, initial)).toThrow("strategy.sparseRounds: the run has fewer rounds");
  const prompts = { ...runOf(), tuning: { ...loraRun().tuning, method: "prefix", promptTokens: 2 } as unknown as RunSettings["tuning"] };
  expect(() => sLora.init(prompts, loraShape, initial)).toThrow("set tuning.method to lora");
});

test("the schedule is FedAvg's, and a method of the comparison has at most half of its rounds sparse", () => {
  expect(sLora.schedule(runOf())).toEqual(fedAvg.schedule({ ...runOf(), strategy: fedAvg.defaults }));
  const { strategy } = sLora.methods.sLora;
  expect([1, 4, 50].map((numRounds) => strategy?.(sLora.defaults, { ...runOf(), numRounds }).sparseRounds)).toEqual([1, 2, 5]);
});
