import { expect, test } from "vitest";
import { createTensor, type Params, shapesOf, subtract } from "../../params.ts";
import { createRandom } from "../../random.ts";
import type { RunSettings } from "../../run.ts";
import type { Contribution, Device, RoundPlan } from "../../task.ts";
import { loraRun } from "../../testing/loraRun.ts";
import { planOf } from "../../testing/run.ts";
import type { TunedShape } from "../../tunings/tuned.ts";
import { allBits, type BackboneCost } from "./costs.ts";
import { fedPipe } from "./index.ts";

const backbone: BackboneCost = { numValues: 60_000, numLayerValues: 40_000, numLayers: 1, hiddenSize: 4, innerSize: 16 };
const names = ["query", "value"].flatMap((matrix) => [`lora/0/${matrix}/a`, `lora/0/${matrix}/b`]);
const shape: TunedShape = { numLayers: 1, layerNames: [names], alwaysShared: ["head/bias"], backbone };
const strategy = { ...fedPipe.defaults, warmupRank: 1, ranks: [1, 2, 4], roundSeconds: 1, tokensPerText: 10, minBatch: 2 };
const base = loraRun();
const run = {
  ...base,
  numDevices: 3,
  minDevices: 3,
  cohortSize: 3,
  training: { ...base.training, localEpochs: 1, batchSize: 8 },
  tuning: { ...base.tuning, method: "lora", rank: 4, alpha: 4 },
  strategy,
} as RunSettings & { readonly strategy: typeof strategy };

/** Values that differ everywhere, in f32. */
function matrix(rows: number, columns: number, seed: number): Params[string] {
  return createTensor(
    [rows, columns],
    Float32Array.from({ length: rows * columns }, (_, i) => Math.fround(Math.sin(seed + 3 * i))),
  );
}

const initial: Params = {
  "lora/0/query/a": matrix(4, 5, 1),
  "lora/0/query/b": createTensor([6, 4], new Float32Array(24)),
  "lora/0/value/a": matrix(4, 5, 2),
  "lora/0/value/b": createTensor([6, 4], new Float32Array(24)),
  "head/bias": createTensor([2], Float32Array.of(0.5, -0.5)),
};

const machine = { flopsPerSecond: 1e9, memoryBytes: 1e6, bytesPerSecond: 1e6, baseForm: "unpacked", bits: 16 } as const;
const weak = { ...machine, flopsPerSecond: 16_700_000 }; // 16 Mflop for the frozen part of 10 examples
const roster: Device[] = [
  { id: 0, numExamples: 10, isConnected: true, machine },
  { id: 1, numExamples: 10, isConnected: true, machine: weak },
  { id: 2, numExamples: 20, isConnected: true },
];

/** Every device's contribution to a plan, with a difference of its own. */
function contributions(plan: RoundPlan, scores?: readonly [number, number]): Contribution[] {
  return plan.tasks.map(({ deviceId, expects }) => {
    const delta = Object.fromEntries(
      Object.entries(expects.shapes).map(([name, size]) =>
        size.length === 2
          ? [name, matrix(size[0], size[1], 10 * deviceId + name.length)]
          : [name, createTensor(size, Float32Array.of(0.25, 0.25))],
      ),
    );
    const [query, value] = scores ?? [];
    const matrixScores = { "lora/0/query/b": query ?? 0, "lora/0/value/b": value ?? 0 };
    const body = {
      kind: "train",
      delta,
      numSteps: 2,
      firstLoss: 1,
      lastLoss: 0.5,
      ...(scores === undefined ? {} : { matrixScores }),
    } as const;
    return { deviceId, numExamples: expects.numExamples, body };
  });
}

function afterWarmUp(scores: readonly [number, number]) {
  const state = fedPipe.init(run, shape, initial);
  const plan = planOf(fedPipe, state, roster, createRandom(1), 1);
  return { plan, state: fedPipe.aggregate(state, plan, contributions(plan, scores)) };
}

const ranksOf = ({ expects }: RoundPlan["tasks"][number]) => ["query", "value"].map((name) => expects.shapes[`lora/0/${name}/a`]?.[0] ?? 0);
const byDevice = (plan: RoundPlan) => [...plan.tasks].sort((a, b) => a.deviceId - b.deviceId);

test("the first round trains every matrix at the warm-up rank, whatever the machine, and asks for scores", () => {
  const { plan, state } = afterWarmUp([9, 1]);
  for (const task of plan.tasks) {
    expect(ranksOf(task)).toEqual([1, 1]);
    expect(task.spec).toMatchObject({ kind: "train", hasOwnRanks: true, scoresMatrices: true });
    expect(task.plan).toBeUndefined();
  }
  expect(plan.payloads).toHaveLength(1);
  expect(state.values.matrixScores).toEqual([0.9, expect.closeTo(0.1, 12)]);
  expect(state.values.selected).toEqual([0]);
});

test("from then on each client gets the ranks that its machine has room for, and the others what is selected at the warm-up rank", () => {
  const { state } = afterWarmUp([2, 1]);
  expect(state.values.selected).toEqual([0, 1]);
  const plan = planOf(fedPipe, state, roster, createRandom(1), 1);
  const [strong, slow, silent] = byDevice(plan);
  expect(ranksOf(strong)).toEqual([4, 4]);
  // weak: 1 − 16/16.7 = 0.0419 s are left; a value costs (6 · 100 + 24 · 2) / 16.7e6 + 2 · 4 / 1e6 = 46.8 µs: 895 values are more than all 88
  expect(ranksOf(slow)).toEqual([4, 4]);
  expect(ranksOf(silent)).toEqual([1, 1]);
  expect(strong.plan).toMatchObject({ bits: 16, batchSize: 8, ranks: [4, 4], numValues: 88, machine: { flopsPerSecond: 1e9 } });
  expect(strong.plan?.underUse).toBeCloseTo(1 - (0.016 + 88 * (648 / 1e9 + 8e-6)), 9);
  expect(silent.plan).toBeUndefined();
});

test("a machine with little time left gets less, the better matrix first", () => {
  const { state } = afterWarmUp([2, 1]);
  const left = (numValues: number) => ({ ...machine, bytesPerSecond: (8 * numValues) / 0.50001, flopsPerSecond: 1e12 }); // 16 µs for all examples
  const ranks = (numValues: number) => {
    const some = { ...run, strategy: { ...strategy, roundSeconds: 0.5002 } };
    const able = { ...state, values: { ...state.values, run: some } };
    return ranksOf(
      byDevice(
        planOf(
          fedPipe,
          able,
          [{ ...roster[0], machine: left(numValues) }, ...roster.slice(1).map(({ machine: _, ...silent }) => silent)],
          createRandom(1),
          1,
        ),
      )[0],
    );
  };
  expect(ranks(11)).toEqual([1, 0]);
  expect(ranks(22)).toEqual([2, 0]); // 2 · 1.5 = 3 as much as 2 + 1: the table keeps the first of equal sums
  expect(ranks(44)).toEqual([2, 2]);
  expect(ranks(66)).toEqual([4, 2]);
});

test("a device whose client no plan fits trains nothing, and where too few are left the run waits and says why", () => {
  const { state } = afterWarmUp([2, 1]);
  const hopeless = { ...machine, flopsPerSecond: 1e6 };
  const rosterWith = (count: number) => roster.map((device, i) => (i < count ? { ...device, machine: hopeless } : device));
  const relaxed = { ...state, values: { ...state.values, run: { ...run, quorum: 0.5 } } };
  expect(byDevice(planOf(fedPipe, relaxed, rosterWith(1), createRandom(1), 1)).map(({ deviceId }) => deviceId)).toEqual([1, 2]);
  const waiting = fedPipe.plan(relaxed, rosterWith(2), createRandom(1), 1);
  expect(waiting).toEqual({
    waiting: expect.stringMatching(
      /^1 devices can take part, at least 2 are needed; device 0: the smallest plan takes 16 s a round on this machine .*; device 1: the smallest/,
    ),
    said: [
      { kind: "tooFew", count: 1, needed: 2 },
      ...[0, 1].map((deviceId) => ({
        kind: "leftOut",
        deviceId,
        lack: { of: "roundTime", needed: expect.closeTo(16, 0), available: run.strategy.roundSeconds },
      })),
    ],
  });
});

/** Σ weight · b a in f64, as rows. */
function product(terms: readonly { readonly weight: number; readonly params: Params; readonly matrix: string }[]): number[] {
  const out = new Array<number>(30).fill(0);
  for (const { weight, params, matrix: name } of terms) {
    const [a, b] = [params[`lora/0/${name}/a`], params[`lora/0/${name}/b`]];
    const rank = a.shape[0];
    for (let i = 0; i < 6; i++)
      for (let k = 0; k < 5; k++) for (let r = 0; r < rank; r++) out[5 * i + k] += weight * b.data[i * rank + r] * a.data[r * 5 + k];
  }
  return out;
}

test("mixed ranks are merged as the mean of their products over the clients that trained a matrix; what nobody trained stays", () => {
  const { state } = afterWarmUp([2, 1]);
  const [query, none] = [{ ...machine, bytesPerSecond: (8 * 11) / 0.50001, flopsPerSecond: 1e12 }, { ...machine }];
  const some = { ...state, values: { ...state.values, run: { ...run, strategy: { ...strategy, roundSeconds: 0.5002 } } } };
  const devices = [
    { ...roster[0], machine: query },
    { ...roster[1], machine: query },
    { ...roster[2], machine: none },
  ];
  const plan = planOf(fedPipe, some, devices, createRandom(1), 1);
  expect(byDevice(plan).map(ranksOf)).toEqual([
    [1, 0],
    [1, 0],
    [4, 4],
  ]);
  const sent = contributions(plan);
  const next = fedPipe.globalParams(fedPipe.aggregate(some, plan, sent));
  const after = sent.map(({ deviceId, numExamples, body }) => {
    const task = plan.tasks.find((one) => one.deviceId === deviceId);
    const global = plan.payloads[task?.parameterSets.global ?? -1];
    if (body.kind !== "train" || global === undefined) throw new Error("a train task has W");
    const zeros = Object.fromEntries(
      Object.entries(body.delta).map(([name, { shape: size, data }]) => [name, { shape: size, data: data.map((x) => -x) }]),
    );
    return { numExamples, params: subtract(global, zeros) };
  });
  // rank 1 + 1 + 4 of 5 columns: the nearest of rank 4 loses something, so its own product is compared by the part that a rank-4 SVD keeps
  const whole = product(after.map(({ numExamples, params }) => ({ weight: numExamples / 40, params, matrix: "query" })));
  const merged = product([{ weight: 1, params: next, matrix: "query" }]);
  const norm = (values: readonly number[]) => Math.hypot(...values);
  const rest = whole.map((value, i) => value - merged[i]);
  expect(norm(whole) ** 2).toBeCloseTo(norm(merged) ** 2 + norm(rest) ** 2, 3); // what is cut is orthogonal to what is kept
  expect(norm(rest)).toBeLessThan(0.5 * norm(whole));
  const values = after.filter(({ params }) => params["lora/0/value/a"] !== undefined);
  expect(values).toHaveLength(1);
  const alone = product(values.map(({ params }) => ({ weight: 1, params, matrix: "value" })));
  for (const [i, value] of product([{ weight: 1, params: next, matrix: "value" }]).entries()) expect(value).toBeCloseTo(alone[i], 4);
  const idle = byDevice(plan).slice(0, 2);
  const partly = { ...plan, tasks: idle };
  const kept = fedPipe.aggregate(
    some,
    partly,
    sent.filter(({ deviceId }) => deviceId < 2),
  );
  expect(fedPipe.globalParams(kept)["lora/0/value/b"]).toEqual(fedPipe.globalParams(some)["lora/0/value/b"]);
  expect(shapesOf(next)).toEqual(shapesOf(initial));
});

test("profile and plan of each client are in the plan that is journalled, in the state after it and in the summary", () => {
  const { state } = afterWarmUp([2, 1]);
  expect(fedPipe.summary(state).plans).toEqual([]);
  const plan = planOf(fedPipe, state, roster, createRandom(1), 1);
  const next = fedPipe.aggregate(state, plan, contributions(plan));
  const plans = fedPipe.summary(next).plans ?? [];
  expect(plans.map(({ deviceId, round, machine: claimed }) => [deviceId, round, claimed.flopsPerSecond])).toEqual([
    [0, 2, 1e9],
    [1, 2, 16_700_000],
  ]);
  expect(JSON.parse(JSON.stringify(next.values.plans))).toEqual(plans);
  expect(allBits).toContain(plans[0]?.bits);
});
