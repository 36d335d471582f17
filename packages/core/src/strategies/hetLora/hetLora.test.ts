import { expect, test } from "vitest";
import type { Params } from "../../params.ts";
import { createRandom } from "../../random.ts";
import type { Device, RoundPlan } from "../../task.ts";
import { factorsOf, loraRun, loraShape } from "../../testing/loraRun.ts";
import { planOf, rosterOf, trained, valuesOf } from "../../testing/run.ts";
import type { StrategyRun } from "../strategy.ts";
import { hetLora } from "./index.ts";
import { prunedRank } from "./pruning.ts";
import { firstRankOf, type HetLoraSettings } from "./settings.ts";

const numExamples = [2, 1];
const column = (...values: number[]) => values.map((value) => [value]);
const identity = [
  [1, 0],
  [0, 1],
];
const noB = [
  [0, 0],
  [0, 0],
  [0, 0],
];
/** B = 0 and A = 1, 0 / 0, 1. */
const initial = factorsOf({ b: noB, a: identity }, [0.5]);

/** Device 0, of rank 2, ends at B = 4, 0 / 0, 0 / 0, 3 and A as it was; device 1, of rank 1, at B = 0 / 15 / 0. */
const changes = [
  factorsOf(
    {
      b: [
        [4, 0],
        [0, 0],
        [0, 3],
      ],
      a: [
        [0, 0],
        [0, 0],
      ],
    },
    [1],
  ),
  factorsOf({ b: column(0, 15, 0), a: [[0, 0]] }, [-1]),
];

function begun(settings: Partial<HetLoraSettings>, start = initial) {
  const run = { ...loraRun(), strategy: { ...hetLora.defaults, ...settings } } as StrategyRun<HetLoraSettings>;
  return hetLora.init(run, loraShape, start);
}

type State = ReturnType<typeof begun>;
const planFor = (state: State, roster: readonly Device[] = rosterOf(numExamples)) => planOf(hetLora, state, roster, createRandom(1), 1);

function after(state: State, plan: RoundPlan, sent: readonly Params[]): State {
  const contributions = sent.map((delta, device) => trained(device, numExamples[device], 2, delta));
  return hetLora.aggregate(state, plan, contributions);
}

const sentTo = (plan: RoundPlan, device: number) => {
  const task = plan.tasks.find(({ deviceId }) => deviceId === device);
  return valuesOf(plan.payloads[task?.parameterSets.global ?? -1]);
};

test("a round of HetLoRA: factors are padded with zeros and averaged by the norm of each device's product, and the leading components go out", () => {
  const state = begun({ ranks: [2, 1] });
  const plan = planFor(state);
  expect(sentTo(plan, 0)).toEqual({ "lora/0/query/a": [1, 0, 0, 1], "lora/0/query/b": [0, 0, 0, 0, 0, 0], "head/bias": [0.5] });
  expect(sentTo(plan, 1)).toEqual({ "lora/0/query/a": [1, 0], "lora/0/query/b": [0, 0, 0], "head/bias": [0.5] });
  expect(plan.tasks.map(({ spec }) => spec)).toEqual([
    expect.objectContaining({ hasOwnRanks: true }),
    expect.objectContaining({ hasOwnRanks: true }),
  ]);
  const next = after(state, plan, changes);
  // ‖4, 0 / 0, 0 / 0, 3‖ = 5 and ‖0, 0 / 15, 0 / 0, 0‖ = 15: weights 1/4 and 3/4, not the 2/3 and 1/3 of their examples, which the bias has
  const { "head/bias": bias, ...factors } = valuesOf(hetLora.globalParams(next));
  expect(factors).toEqual({ "lora/0/query/a": [1, 0, 0, 0.25], "lora/0/query/b": [1, 0, 11.25, 0, 0, 0.75] });
  expect(bias[0]).toBeCloseTo(0.5 + 2 / 3 - 1 / 3, 6);
  const second = planFor(next);
  expect(sentTo(second, 1)).toMatchObject({ "lora/0/query/a": [1, 0], "lora/0/query/b": [1, 11.25, 0] });
});

test("where no device has a difference yet, weights are those of examples", () => {
  const state = begun({ ranks: [2, 1] });
  const still = [
    factorsOf(
      {
        b: noB,
        a: [
          [0, 0],
          [0, 0],
        ],
      },
      [0],
    ),
    factorsOf({ b: column(0, 0, 0), a: [[0, 0]] }, [0]),
  ];
  const { "lora/0/query/a": a } = valuesOf(hetLora.globalParams(after(state, planFor(state), still)));
  expect([...a.slice(0, 3), a[3].toFixed(6)]).toEqual([1, 0, 0, "0.666667"]);
});

test("ranks follow the rate of a client's machine where the settings say so, and a client that says nothing has its rank by turns", () => {
  const machineRanks = [
    { flopsPerSecond: 1e10, rank: 8 },
    { flopsPerSecond: 1e9, rank: 2 },
  ];
  const settings = { ...hetLora.defaults, ranks: [4, 3], machineRanks };
  const rank = (id: number, flopsPerSecond?: number) =>
    firstRankOf(settings, { id, ...(flopsPerSecond === undefined ? {} : { machine: { flopsPerSecond } }) });
  expect([rank(0, 2e10), rank(0, 1e10), rank(1, 9.9e9), rank(1, 1e8)]).toEqual([8, 8, 2, 2]);
  expect([rank(0), rank(1)]).toEqual([4, 3]);
  expect(firstRankOf({ ...settings, machineRanks: [] }, { id: 1, machine: { flopsPerSecond: 2e10 } })).toBe(3);

  const machine = { memoryBytes: 1e9, bytesPerSecond: 1e6, baseForm: "unpacked", bits: 8 } as const;
  const roster = rosterOf(numExamples).map((device, id) => ({ ...device, machine: { ...machine, flopsPerSecond: id === 0 ? 1e9 : 1e10 } }));
  const plan = planFor(
    begun({
      machineRanks: [
        { flopsPerSecond: 0, rank: 1 },
        { flopsPerSecond: 5e9, rank: 2 },
      ],
    }),
    roster,
  );
  expect([0, 1].map((device) => sentTo(plan, device)["lora/0/query/a"])).toEqual([
    [1, 0],
    [1, 0, 0, 1],
  ]);
});

test("a device whose last components fade while it trains loses them, for good", () => {
  const start = factorsOf(
    {
      b: [
        [3, 1],
        [0, 2],
        [0, 2],
      ],
      a: identity,
    },
    [0],
  );
  const state = begun({ pruneTo: 0.5, penalty: 0.25 }, start);
  const plan = planFor(state);
  expect(plan.tasks.map(({ spec }) => spec)).toMatchObject([0, 1].map(() => ({ fades: { pruneTo: 0.5, penalty: 0.25 } })));
  expect(planFor(begun({ penalty: 0.25 }, start)).tasks[0].spec).not.toHaveProperty("fades");
  // tail: ‖1, 2, 2‖ · ‖0, 1‖ = 3. Device 0 halves its column of B, device 1 doubles its row of A and leaves B
  const faded = factorsOf(
    {
      b: [
        [5, -0.5],
        [0, -1],
        [0, -1],
      ],
      a: [
        [0, 0],
        [0, 0],
      ],
    },
    [0],
  );
  const grown = factorsOf(
    {
      b: noB,
      a: [
        [0, 0],
        [0, 1],
      ],
    },
    [0],
  );
  const next = after(state, plan, [faded, grown]);
  expect(next.values.pruned).toEqual([{ deviceId: 0, rank: 1 }]);
  const second = planFor(next);
  expect([0, 1].map((device) => sentTo(second, device)["lora/0/query/a"].length)).toEqual([2, 4]);
  const still = factorsOf({ b: column(0, 0, 0), a: [[0, 0]] }, [0]);
  expect(after(next, second, [still, grown]).values.pruned).toEqual([{ deviceId: 0, rank: 1 }]);
  expect(after(begun({}, start), plan, [faded, grown]).values.pruned).toEqual([]);
});

test("a rank is pruned to a whole number of components, and never to none", () => {
  expect([prunedRank(8, 0.75), prunedRank(5, 0.5), prunedRank(1, 0.5), prunedRank(4, 0), prunedRank(10, 0.7)]).toEqual([6, 3, 1, 1, 7]);
});

test("HetLoRA refuses a rank above the run's, and a run without LoRA", () => {
  expect(() => begun({ ranks: [3] })).toThrow("strategy.ranks: a rank is above tuning.rank");
  expect(() => begun({ machineRanks: [{ flopsPerSecond: 1, rank: 3 }] })).toThrow("strategy.machineRanks: a rank is above tuning.rank");
  const run = { ...loraRun(), strategy: hetLora.defaults };
  const other = { ...run, tuning: { ...run.tuning, method: "prefix" } } as unknown as StrategyRun<HetLoraSettings>;
  expect(() => hetLora.init(other, loraShape, initial)).toThrow("set tuning.method to lora");
});
