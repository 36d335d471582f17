import { expect, test } from "vitest";
import { createTensor, type Params } from "../../params.ts";
import { createRandom } from "../../random.ts";
import type { Contribution, Device, RoundPlan } from "../../task.ts";
import { loraRun } from "../../testing/loraRun.ts";
import { planOf, rosterOf, valuesOf } from "../../testing/run.ts";
import type { TunedShape } from "../../tunings/tuned.ts";
import type { StrategyRun } from "../strategy.ts";
import { fedAdapter } from "./index.ts";
import type { FedAdapterSettings } from "./settings.ts";
import { secondsAt } from "./sizes.ts";

const layers = [0, 1, 2];
const namesOf = (layer: number) => [`lora/${layer}/query/a`, `lora/${layer}/query/b`];
const shape: TunedShape = { numLayers: 3, layerNames: layers.map(namesOf), alwaysShared: ["head/bias"] };
/** Rank 3 of a 2 × 2 … matrix of each layer: A differs everywhere, B is 0. */
const initial: Params = {
  ...Object.fromEntries(
    layers.flatMap((layer) => [
      [
        `lora/${layer}/query/a`,
        createTensor(
          [3, 2],
          Float32Array.from({ length: 6 }, (_, i) => 10 * layer + i + 1),
        ),
      ],
      [`lora/${layer}/query/b`, createTensor([2, 3], new Float32Array(6))],
    ]),
  ),
  "head/bias": createTensor([1], Float32Array.of(0.5)),
};
const roster = rosterOf([2, 1, 1, 3]);

function begun(settings: Partial<FedAdapterSettings> = {}, tuned: TunedShape = shape) {
  const base = loraRun({ numDevices: 4, minDevices: 4, cohortSize: 4, numRounds: 8, evaluateEvery: 8 });
  const tuning = { ...base.tuning, rank: 3 } as typeof base.tuning;
  const strategy = { ...fedAdapter.defaults, startWidth: 1, widthStep: 1, ...settings };
  const run = { ...base, tuning, training: { ...base.training, localEpochs: 1 }, strategy } as StrategyRun<FedAdapterSettings>;
  return fedAdapter.init(run, tuned, initial);
}

type State = ReturnType<typeof begun>;
const planFor = (state: State, devices: readonly Device[] = roster) => planOf(fedAdapter, state, devices, createRandom(1), 1);

/** Depth and width that a device is asked for. */
function sizeOf(task: RoundPlan["tasks"][number]): string {
  const factors = Object.entries(task.expects.shapes).filter(([name]) => name.endsWith("/a"));
  return `${factors.length} × ${factors[0][1][0]}`;
}

/** What every device sends: 1 more everywhere for device 0, 2 more for device 1, …, and the losses of its size. */
function sent(plan: RoundPlan, losses: Readonly<Record<string, readonly [number, number]>>): Contribution[] {
  return plan.tasks.map((task) => {
    const { deviceId, expects } = task;
    const delta = Object.fromEntries(
      Object.entries(expects.shapes).map(([name, size]) => [
        name,
        createTensor(size, new Float32Array(size.reduce((product, extent) => product * extent, 1)).fill(deviceId + 1)),
      ]),
    );
    const [firstLoss, lastLoss] = losses[sizeOf(task)] ?? [1.5, 1.5];
    return { deviceId, numExamples: roster[deviceId].numExamples, body: { kind: "train", delta, numSteps: 2, firstLoss, lastLoss } };
  });
}

const trainedBy = (plan: RoundPlan, size: string) => plan.tasks.filter((task) => sizeOf(task) === size).map(({ deviceId }) => deviceId);

/** Σ n_i (i + 1) / Σ n_i: what a component grows by in a round of these devices. */
function meanChange(devices: readonly number[]): number {
  const total = devices.reduce((sum, id) => sum + roster[id].numExamples, 0);
  return devices.reduce((sum, id) => sum + (roster[id].numExamples / total) * (id + 1), 0);
}

const falling = { "1 × 1": [1.5, 1.25], "1 × 2": [1.5, 1.375], "2 × 1": [1.5, 1] } as const;

test("training begins with one component of the top layer, while groups of devices try one more of it and one more layer", () => {
  const plan = planFor(begun());
  expect(plan.tasks.map(sizeOf).sort()).toEqual(["1 × 1", "1 × 1", "1 × 2", "2 × 1"]);
  const deeper = plan.tasks.find((task) => sizeOf(task) === "2 × 1");
  expect(Object.keys(deeper?.expects.shapes ?? {}).sort()).toEqual([...namesOf(1), ...namesOf(2), "head/bias"].sort());
  expect(valuesOf(plan.payloads[deeper?.parameterSets.global ?? -1])["lora/1/query/a"]).toEqual([11, 12]);
  expect(plan.tasks.every(({ spec }) => spec.kind === "train" && spec.hasOwnRanks === true)).toBe(true);
});

test("devices keep their size for the rounds of a trial, and each size's model goes on with what its devices trained", () => {
  const state = begun();
  const first = planFor(state);
  const next = fedAdapter.aggregate(state, first, sent(first, falling));
  const second = planFor(next);
  const sizes = (plan: RoundPlan) => Object.fromEntries(plan.tasks.map((task) => [task.deviceId, sizeOf(task)]));
  expect(sizes(second)).toEqual(sizes(first));
  for (const [size, place] of [
    ["1 × 1", 0],
    ["1 × 2", 1],
    ["2 × 1", 2],
  ] as const) {
    const change = meanChange(trainedBy(first, size));
    const { "lora/2/query/a": a, "lora/2/query/b": b, "head/bias": bias } = valuesOf(second.payloads[place]);
    expect(a[0]).toBeCloseTo(21 + change, 5);
    expect(b[0]).toBeCloseTo(change, 5);
    expect(bias[0]).toBeCloseTo(0.5 + change, 5);
  }
  // what is evaluated in the middle of a trial is the present size's, where nothing else has changed
  const { "lora/2/query/b": b, "lora/1/query/b": lower } = valuesOf(fedAdapter.globalParams(next));
  const change = Math.fround(meanChange(trainedBy(first, "1 × 1")));
  expect(b).toEqual([change, 0, 0, change, 0, 0]);
  expect(lower).toEqual([0, 0, 0, 0, 0, 0]);
});

test("after a trial the size whose loss fell most is everybody's, with its model; the others are dropped", () => {
  const state = begun();
  const first = planFor(state);
  const middle = fedAdapter.aggregate(state, first, sent(first, falling));
  const second = planFor(middle);
  const next = fedAdapter.aggregate(middle, second, sent(second, { "1 × 1": [9, 1.25], "1 × 2": [9, 1.375], "2 × 1": [9, 1] }));
  // from the first round's first loss to the second's last: 0.25, 0.125 and 0.5
  expect(next.values.sizes).toEqual([
    { round: 1, depth: 1, width: 1 },
    { round: 3, depth: 2, width: 1 },
  ]);
  expect(Object.keys(next.tensors).filter((name) => name.startsWith("trial/"))).toEqual([]);
  const change = 2 * meanChange(trainedBy(first, "2 × 1"));
  const { "lora/1/query/b": b } = valuesOf(fedAdapter.globalParams(next));
  expect([b[0], b[1]]).toEqual([Math.fround(change), 0]);
  expect(fedAdapter.summary(next).sizes).toEqual(next.values.sizes);
  expect([...new Set(planFor(next).tasks.map(sizeOf))].sort()).toEqual(["2 × 1", "2 × 2", "3 × 1"]);
});

test("what is new at a larger size begins with B at 0, so that growing changes no output", () => {
  const state = begun({ startDepth: 2, startWidth: 2, depthStep: 1 });
  const { payloads } = planFor(state);
  const first = planFor(state);
  const trainedOnce = fedAdapter.aggregate(state, first, sent(first, {}));
  const second = planFor(trainedOnce);
  const over = fedAdapter.aggregate(trainedOnce, second, sent(second, {}));
  const present = fedAdapter.globalParams(over);
  const [own, wider, deeper] = planFor(over).payloads.map(valuesOf);
  expect(payloads).toHaveLength(3);
  // wider: a third component, whose column of B is 0; deeper: the lowest layer, whose B is 0
  const columns = (values: readonly number[], width: number, component: number) => [values[component], values[width + component]];
  expect(columns(wider["lora/2/query/b"], 3, 0)).toEqual(columns(own["lora/2/query/b"], 2, 0));
  expect(columns(wider["lora/2/query/b"], 3, 2)).toEqual([0, 0]);
  expect(wider["lora/2/query/a"].slice(4)).toEqual([25, 26]); // as it was drawn, so that it can learn
  expect(deeper["lora/0/query/b"]).toEqual([0, 0, 0, 0]);
  expect(own["lora/0/query/b"]).toBeUndefined();
  expect([...present["lora/0/query/b"].data]).toEqual([0, 0, 0, 0, 0, 0]);
});

test("where no loss falls nothing grows, and between trials all devices train the same", () => {
  const state = begun({ roundsBetween: 1 });
  const first = planFor(state);
  const middle = fedAdapter.aggregate(state, first, sent(first, {}));
  const second = planFor(middle);
  const next = fedAdapter.aggregate(middle, second, sent(second, {}));
  expect(next.values.sizes).toEqual([{ round: 1, depth: 1, width: 1 }]);
  const third = planFor(next);
  expect(third.tasks.map(sizeOf)).toEqual(["1 × 1", "1 × 1", "1 × 1", "1 × 1"]);
  const joint = fedAdapter.aggregate(next, third, sent(third, {}));
  const before = valuesOf(fedAdapter.globalParams(next))["head/bias"][0];
  expect(valuesOf(fedAdapter.globalParams(joint))["head/bias"][0]).toBeCloseTo(before + meanChange([0, 1, 2, 3]), 4);
  expect(new Set(planFor(joint).tasks.map(sizeOf)).size).toBe(3);
});

test("a round takes longer with more layers, on the way back, and with more values, which travel too", () => {
  const backbone = { numValues: 6000, numLayerValues: 3000, numLayers: 3, hiddenSize: 2, innerSize: 8 };
  const state = begun({ flopsPerSecond: 1e5, bytesPerSecond: 1000, tokensPerText: 4 }, { ...shape, backbone });
  const { training } = state.values.run;
  // 10 examples of 4 tokens: 2 · 40 · 3000 flops forward and a third of it back for each layer
  const steps = Math.ceil(10 / training.batchSize);
  const perValue = (6 * 40 + 24 * steps) / 1e5 + 8 / 1000; // f32 down and up
  expect(secondsAt(state, { depth: 1, width: 2 }, 10)).toBeCloseTo((240_000 * (1 + 1 / 3)) / 1e5 + 8 * perValue, 9);
  expect(secondsAt(state, { depth: 3, width: 1 }, 10)).toBeCloseTo((240_000 * 2) / 1e5 + 12 * perValue, 9);
});

test("a contribution that did not arrive leaves its size as it is, out of the choice", () => {
  const state = begun();
  const first = planFor(state);
  const without = (plan: RoundPlan) => sent(plan, falling).filter(({ deviceId }) => !trainedBy(plan, "2 × 1").includes(deviceId));
  const middle = fedAdapter.aggregate(state, first, without(first));
  const second = planFor(middle);
  const next = fedAdapter.aggregate(middle, second, without(second));
  expect(next.values.sizes).toEqual([{ round: 1, depth: 1, width: 1 }]); // 0.25 against 0.125
});

test("FedAdapter refuses trials with one epoch to compare, and a run without LoRA", () => {
  expect(() => begun({ trialRounds: 1 })).toThrow(
    "strategy.trialRounds: a trial compares the loss of its first epoch with that of its last",
  );
  const run = { ...begun().values.run };
  const other = { ...run, tuning: { ...run.tuning, method: "prefix" } } as unknown as StrategyRun<FedAdapterSettings>;
  expect(() => fedAdapter.init(other, shape, initial)).toThrow("set tuning.method to lora");
});

test("a run is branched after a round of a trial: the present size goes on, and the trial is left out", () => {
  const state = begun();
  const first = planFor(state);
  const middle = fedAdapter.aggregate(state, first, sent(first, falling));
  const branched = fedAdapter.branch?.(middle, state.values.run, 1);
  expect(branched?.values.candidates).toBeNull();
  expect(Object.keys(branched?.tensors ?? {}).some((name) => name.startsWith("trial/"))).toBe(false);
  expect(branched?.values.position).toMatchObject({ round: 2, kind: "train" });
});
