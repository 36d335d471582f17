import { expect, test } from "vitest";
import type { Params } from "../params.ts";
import { createRandom } from "../random.ts";
import { factorsOf, loraRun, loraShape, type TestFactors } from "../testing/loraRun.ts";
import { planOf, rosterOf, trained, valuesOf, withDevices } from "../testing/run.ts";
import { type FlexLoraSettings, flexLora } from "./flexLora.ts";
import type { GlobalModelState } from "./globalModel.ts";
import { type RaFLoraSettings, raFLora } from "./raFLora.ts";
import type { Strategy, StrategyRun } from "./strategy.ts";

type Settings = FlexLoraSettings | RaFLoraSettings;
type Merging = Strategy<GlobalModelState<Settings>, StrategyRun<Settings>>;

const numExamples = [1, 3];
const both = [flexLora, raFLora].map((strategy) => [strategy.title, strategy] as const);
const none: TestFactors = {
  b: [
    [0, 0],
    [0, 0],
    [0, 0],
  ],
  a: [
    [0, 0],
    [0, 0],
  ],
};
const still = factorsOf(none, [0]);

/** B = 0 and A = 1, 0 / 0, 1. */
const initial = factorsOf(
  {
    ...none,
    a: [
      [1, 0],
      [0, 1],
    ],
  },
  [0.5],
);

/** 4, 0 / 0, 0 / 0, 8 from device 0; from device 1, whose rank is 1, 0, 0 / 8, 0 / 0, 0 and components that it does not have. */
const changes = [
  factorsOf(
    {
      b: [
        [4, 0],
        [0, 0],
        [0, 8],
      ],
      a: [
        [0, 0],
        [0, 0],
      ],
    },
    [1],
  ),
  factorsOf(
    {
      b: [
        [0, 9],
        [4, 9],
        [0, 9],
      ],
      a: [
        [1, 0],
        [5, 5],
      ],
    },
    [-1],
  ),
];

/** States after rounds in which these devices send what they are said to. */
function play(
  one: typeof flexLora | typeof raFLora,
  ranks: readonly number[],
  rounds: readonly (readonly (readonly [number, Params])[])[],
  start = initial,
) {
  const strategy = one as unknown as Merging;
  const run = { ...loraRun({ numRounds: 9, evaluateEvery: 9 }), strategy: { ...one.defaults, ranks } } as StrategyRun<Settings>;
  let state = strategy.init(run, loraShape, start);
  return rounds.map((sent) => {
    const plan = planOf(strategy, state, rosterOf(numExamples), createRandom(1), 1);
    const asked = { ...plan, tasks: sent.flatMap(([device]) => plan.tasks.filter(({ deviceId }) => deviceId === device)) };
    state = strategy.aggregate(
      state,
      asked,
      sent.map(([device, delta]) => trained(device, numExamples[device], 2, delta)),
    );
    return { plan, state, params: strategy.globalParams(state) };
  });
}

const product = (params: Params): number[] => {
  const [a, b] = [params["lora/0/query/a"].data, params["lora/0/query/b"].data];
  return [0, 1, 2].flatMap((i) => [0, 1].map((j) => b[2 * i] * a[j] + b[2 * i + 1] * a[2 + j]));
};

function expectProduct(params: Params, expected: readonly number[]): void {
  for (const [i, value] of expected.entries()) expect(product(params)[i]).toBeCloseTo(value, 5); // f32
}

const zeroth = [0, changes[0]] as const;
const first = [1, changes[1]] as const;

test("a round of FlexLoRA: the difference is the mean of the products, of which each device gets what its rank has room for", () => {
  const [one, two] = play(
    flexLora,
    [2, 1],
    [
      [zeroth, first],
      [
        [0, still],
        [1, still],
      ],
    ],
  );
  expect(one.plan.payloads.map(valuesOf).map((sent) => sent["lora/0/query/a"])).toEqual([
    [1, 0, 0, 1], // the whole, which no device asks for by itself, then device 1's
    [1, 0, 0, 0],
  ]);
  // 0.25 · (4, 0 / 0, 0 / 0, 8) + 0.75 · (0, 0 / 8, 0 / 0, 0)
  expectProduct(one.params, [1, 0, 6, 0, 0, 2]);
  expect(valuesOf(one.params)["head/bias"]).toEqual([0]);
  // its singular values are √37 and 2, and rows of A are the right vectors
  const { "lora/0/query/a": a, "lora/0/query/b": b } = valuesOf(one.params);
  expect(a.map(Math.abs)).toEqual([1, 0, 0, 1]);
  expect(Math.hypot(b[0], b[2], b[4])).toBeCloseTo(Math.sqrt(37), 5);
  expect(Math.hypot(b[1], b[3], b[5])).toBeCloseTo(2, 5);
  const task = two.plan.tasks.find(({ deviceId }) => deviceId === 1);
  const cut = two.plan.payloads[task?.parameterSets.global ?? 0];
  expectProduct(cut, [1, 0, 6, 0, 0, 0]);
  expect(cut["lora/0/query/a"].shape).toEqual([2, 2]);
  const { "lora/0/query/a": rows, "lora/0/query/b": columns } = valuesOf(cut);
  expect([...rows.slice(2), columns[1], columns[3], columns[5]]).toEqual([0, 0, 0, 0, 0]); // where one of both is not 0, the other could learn
});

test("a round of raFLoRA: the second component is device 0's alone", () => {
  const [{ params }] = play(raFLora, [2, 1], [[zeroth, first]]);
  // components 1: 0.25 · (4, 0 / 0, 0 / 0, 0) + 0.75 · (0, 0 / 8, 0 / 0, 0); components 2: 1 · (0, 0 / 0, 0 / 0, 8)
  expectProduct(params, [1, 0, 6, 0, 0, 8]);
});

test("with idle devices FlexLoRA's components that few devices have fade by those devices' weight, and raFLoRA's stay", () => {
  const start = factorsOf(
    {
      b: [
        [3, 0],
        [0, 0],
        [0, 2],
      ],
      a: [
        [1, 0],
        [0, 1],
      ],
    },
    [0],
  );
  const idle = [
    [0, still],
    [1, still],
  ] as const;
  const [flex, ra] = [flexLora, raFLora].map((one) => play(one, [2, 1], [idle, idle, idle], start)[2].params);
  expectProduct(flex, [3, 0, 0, 0, 0, 2 * 0.25 ** 3]);
  expectProduct(ra, [3, 0, 0, 0, 0, 2]);
});

test("components that no device of the round has are lost to FlexLoRA, and raFLoRA keeps the server's", () => {
  const start = factorsOf(
    {
      b: [
        [3, 0],
        [0, 0],
        [0, 2],
      ],
      a: [
        [1, 0],
        [0, 1],
      ],
    },
    [0],
  );
  const [flex, ra] = [flexLora, raFLora].map((one) => play(one, [2, 1], [[[1, still]]], start)[0].params);
  expectProduct(flex, [3, 0, 0, 0, 0, 0]);
  const { "lora/0/query/a": a } = valuesOf(flex);
  expect(Math.abs(a[0] * a[3] - a[1] * a[2])).toBeCloseTo(1, 5); // the second row of A can still learn
  expectProduct(ra, [3, 0, 0, 0, 0, 2]);
});

test("with one rank raFLoRA is FlexLoRA, and both are the mean of the products whatever order contributions come in", () => {
  const [flex, ra, turned] = [
    play(flexLora, [], [[zeroth, first]]),
    play(raFLora, [2], [[zeroth, first]]),
    play(flexLora, [], [[first, zeroth]]),
  ].map(([{ params }]) => params);
  // device 1 in full: B_1 = 0, 9 / 4, 9 / 0, 9 and A_1 = 2, 0 / 5, 6
  const whole = [
    [0 * 2 + 9 * 5, 9 * 6],
    [4 * 2 + 9 * 5, 9 * 6],
    [9 * 5, 9 * 6],
  ].flat();
  const own = [4, 0, 0, 0, 0, 8];
  const mean = whole.map((value, i) => 0.75 * value + 0.25 * own[i]);
  for (const [i, value] of mean.entries()) expect(Math.abs(product(flex)[i] - value)).toBeLessThan(1e-4); // f32 of about 50
  expect(valuesOf(turned)).toEqual(valuesOf(flex));
  for (const [i, value] of product(ra).entries()) expect(Math.abs(value - mean[i])).toBeLessThan(1e-4);
});

test.each(both)("%s refuses a rank above the run's, and a run without LoRA", (_, strategy) => {
  const base = loraRun();
  const start = (ranks: readonly number[], tuning = base.tuning) =>
    (strategy as unknown as Merging).init(
      { ...base, tuning, strategy: { ...strategy.defaults, ranks } } as StrategyRun<Settings>,
      loraShape,
      initial,
    );
  expect(() => start([2, 3])).toThrow("strategy.ranks: a rank is above tuning.rank, which the merged difference has: lower it");
  expect(() => start([], { ...base.tuning, method: "prefix" } as unknown as typeof base.tuning)).toThrow("set tuning.method to lora");
  expect(() => start([2, 1])).not.toThrow();
});

test("many components are merged by draws from the run's seed: nearly the same sum, the same bits each time", () => {
  const size = 140;
  const random = createRandom(3).stream({ purpose: "test" });
  const tensor = (shape: [number, number]) => ({ shape, data: Float32Array.from({ length: shape[0] * shape[1] }, () => random.normal()) });
  const names = { a: "lora/0/query/a", b: "lora/0/query/b" };
  const start: Params = { [names.a]: tensor([70, size]), [names.b]: { shape: [size, 70], data: new Float32Array(size * 70) } };
  const shape = { ...loraShape, alwaysShared: [] };
  const run = { ...loraRun(), strategy: flexLora.defaults };
  const state = flexLora.init(run, shape, start);
  const plan = withDevices(planOf(flexLora, state, rosterOf(numExamples), createRandom(1), 1), [0, 1]);
  const left = Float32Array.from({ length: size }, () => random.normal());
  // every device sends one component, so that the mean has rank 2 among 140 stacked ones
  const sent = [0, 1].map((device) => {
    const b = new Float32Array(size * 70);
    for (let i = 0; i < size; i++) b[70 * i + device] = left[i];
    return trained(device, numExamples[device], 2, {
      [names.a]: { shape: [70, size], data: new Float32Array(70 * size) },
      [names.b]: { shape: [size, 70], data: b },
    });
  });
  const [once, again] = [0, 1].map(() => flexLora.globalParams(flexLora.aggregate(state, plan, sent)));
  expect(again).toEqual(once);
  const [a, b] = [once[names.a].data, once[names.b].data];
  for (const [i, j] of [
    [0, 0],
    [5, 17],
    [139, 3],
  ]) {
    let found = 0;
    for (let r = 0; r < 70; r++) found += b[70 * i + r] * a[size * r + j];
    expect(found).toBeCloseTo(left[i] * (0.25 * start[names.a].data[j] + 0.75 * start[names.a].data[size + j]), 4);
  }
});
