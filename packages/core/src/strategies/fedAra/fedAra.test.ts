import { expect, test } from "vitest";
import { liveOf } from "../../lowRank/liveComponents.ts";
import { createTensor, type Params, sizeOf } from "../../params.ts";
import { createRandom } from "../../random.ts";
import type { Contribution, RoundPlan } from "../../task.ts";
import { planOf, rosterOf, testRun, valuesOf } from "../../testing/run.ts";
import { commonDefaults } from "../../tunings/declaration.ts";
import { tunings } from "../../tunings/table.ts";
import type { TunedShape } from "../../tunings/tuned.ts";
import type { StrategyRun } from "../strategy.ts";
import { pooledShares, withinBudget } from "./allocation.ts";
import { budgetAfter } from "./budget.ts";
import { fedAra } from "./index.ts";
import type { FedAraSettings } from "./settings.ts";

const matrices = ["svdLora/0/query", "svdLora/1/query", "svdLora/2/query"];
const layerNames = matrices.map((name) => ["q", "e", "p"].map((part) => `${name}/${part}`));
const shape: TunedShape = { numLayers: 3, layerNames, alwaysShared: ["head/bias"] };
const rank = 4;
/** Of a 3 × 2 matrix; every value another. */
const initial: Params = Object.fromEntries([
  ...layerNames.flat().map((name, at) => {
    const size = name.endsWith("/q") ? [rank, 2] : name.endsWith("/e") ? [rank] : [3, rank];
    return [
      name,
      createTensor(
        size,
        Float32Array.from({ length: sizeOf(size) }, (_, i) => 100 * at + i + 1),
      ),
    ];
  }),
  ["head/bias", createTensor([1], Float32Array.of(0.5))],
]);
const numExamples = [2, 1, 4, 1, 2, 3, 1, 2];
const roster = rosterOf(numExamples);

function begun(settings: Partial<FedAraSettings> = {}, changes: Partial<ReturnType<typeof testRun>> = {}) {
  const base = testRun({ numDevices: 8, minDevices: 8, cohortSize: 8, numRounds: 6, evaluateEvery: 6, ...changes });
  const tuning = { ...commonDefaults, ...tunings.svdLora.defaults, rank, targets: ["q"] } as const;
  const strategy = { ...fedAra.defaults, targetRank: 1, ...settings };
  return fedAra.init({ ...base, tuning, strategy } as StrategyRun<FedAraSettings>, shape, initial);
}

type State = ReturnType<typeof begun>;
const planFor = (state: State) => planOf(fedAra, state, roster, createRandom(1), 1);
const liveIn = (state: State) =>
  liveOf(
    state.values.live,
    matrices.map(() => rank),
  );
const countIn = (state: State) => liveIn(state).flat().length;

/** The score of a component by its original place: earlier matrices and later components matter more. */
const honest = (j: number, place: number) => (3 - j) * 10 + place;

/** What every device sends: 1 more everywhere for device 0, 2 for device 1, …, and its scores; liars say what `lie` says. */
function sent(
  state: State,
  plan: RoundPlan,
  lie?: { devices: readonly number[]; of: (j: number, place: number) => number },
): Contribution[] {
  const live = liveIn(state);
  return plan.tasks.map(({ deviceId, expects, spec }) => {
    const delta = Object.fromEntries(
      Object.entries(expects.shapes).map(([name, size]) => [name, createTensor(size, new Float32Array(sizeOf(size)).fill(deviceId + 1))]),
    );
    const of = lie?.devices.includes(deviceId) === true ? lie.of : honest;
    const scores = Object.fromEntries(
      matrices.flatMap((name, j) => (live[j].length === 0 ? [] : [[`${name}/e`, live[j].map((place) => of(j, place))]])),
    );
    const scored = spec.kind === "train" && spec.scoresComponents === true ? { componentScores: scores } : {};
    return {
      deviceId,
      numExamples: numExamples[deviceId],
      body: { kind: "train", delta, numSteps: 2, firstLoss: 1.5, lastLoss: 1, ...scored },
    };
  });
}

/** States before each train round and after the last. */
function played(state: State, numRounds: number, lie?: Parameters<typeof sent>[2]): { states: State[]; plans: RoundPlan[] } {
  const [states, plans] = [[state], [] as RoundPlan[]];
  for (let round = 1; round <= numRounds; round++) {
    const plan = planFor(states[round - 1]);
    plans.push(plan);
    states.push(fedAra.aggregate(states[round - 1], plan, sent(states[round - 1], plan, lie)));
  }
  return { states, plans };
}

test("the budget is whole in the warm-up, falls by the third power of the rounds that are left, and stays at the target in the cool-down", () => {
  const course = { warmupRounds: 2, cooldownRounds: 3, numRounds: 9, start: 100, target: 20 };
  // (1 − 1/4)³ = 0.421875, (1 − 2/4)³ = 0.125, (1 − 3/4)³ = 0.015625
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9].map((round) => budgetAfter(round, course))).toEqual([100, 100, 53, 30, 21, 20, 20, 20, 20]);
  const none = { ...course, warmupRounds: 0, cooldownRounds: 0, numRounds: 2 };
  expect([1, 2].map((round) => budgetAfter(round, none))).toEqual([30, 20]); // after the last round, as in peft without tfinal
  expect(budgetAfter(3, { ...course, warmupRounds: 8 })).toBe(100);
});

test("rounds shrink by the budget, what dies stays dead, and shapes, scores and masks are those of each round", () => {
  const { states, plans } = played(begun(), 6);
  // 12 components to 3: after round 2 3 + 9 · (3/4)³ = 6.8, then 3 + 9/8, 3 + 9/64, 3
  expect(states.map(countIn)).toEqual([12, 12, 6, 4, 3, 3, 3]);
  for (const [at, plan] of plans.entries()) {
    const live = liveIn(states[at]);
    const next = liveIn(states[at + 1]);
    for (const [j, places] of next.entries()) expect(places.every((place) => live[j].includes(place))).toBe(true);
    for (const { spec, expects, parameterSets } of plan.tasks) {
      expect(spec).toMatchObject({ kind: "train", hasOwnRanks: true, live: states[at].values.live });
      expect(spec.kind === "train" && spec.scoresComponents === true).toBe(countIn(states[at + 1]) < countIn(states[at]));
      const shapes = Object.fromEntries(matrices.map((name) => [name, expects.shapes[`${name}/e`]?.[0] ?? 0]));
      expect(shapes).toEqual(Object.fromEntries(matrices.map((name, j) => [name, live[j].length])));
      expect(Object.keys(plan.payloads[parameterSets.global]).sort()).toEqual(Object.keys(expects.shapes).sort());
    }
  }
  // the highest scores are the last components of the first matrices
  expect(liveIn(states[2])).toEqual([[0, 1, 2, 3], [2, 3], []]);
  expect(liveIn(states[6])).toEqual([[1, 2, 3], [], []]);
  expect(Object.keys(plans[5].payloads[0]).sort()).toEqual(["head/bias", ...layerNames[0]].sort());
});

test("W is the mean of what devices sent of the living components, and zero where they are dead", () => {
  const { states } = played(begun(), 2);
  const mean = numExamples.reduce((sum, count, device) => sum + (count / 16) * (device + 1), 0);
  const values = valuesOf(fedAra.globalParams(states[2]));
  const before = valuesOf(initial);
  for (const [at, value] of values["svdLora/1/query/q"].entries())
    expect(value).toBeCloseTo(at < 4 ? 0 : before["svdLora/1/query/q"][at] + 2 * mean, 3);
  for (const [at, value] of values["svdLora/1/query/p"].entries())
    expect(value).toBeCloseTo(at % 4 < 2 ? 0 : before["svdLora/1/query/p"][at] + 2 * mean, 3);
  for (const name of layerNames[2])
    expect(
      values[name].every((value) => value === 0),
      name,
    ).toBe(true);
  expect(values["head/bias"][0]).toBeCloseTo(0.5 + 2 * mean, 5);
  // what is dead and was dead is not written again
  const later = played(begun(), 4).states;
  expect(later[4].tensors["W/svdLora/2/query/p"]).toBe(later[3].tensors["W/svdLora/2/query/p"]);
});

test("in any encoding a payload is what the state holds of the living components, bit for bit", () => {
  for (const paramsEncoding of ["f16", "int8"] as const) {
    const { states } = played(begun({}, { paramsEncoding }), 3);
    const [{ "svdLora/0/query/p": whole }, { payloads }] = [fedAra.globalParams(states[3]), planFor(states[3])];
    const [live] = liveIn(states[3]);
    const columns = [0, 1, 2].flatMap((row) => live.map((place) => whole.data[row * rank + place]));
    expect([...payloads[0]["svdLora/0/query/p"].data]).toEqual(columns);
  }
});

test("an evaluation gets what is alive and nothing else", () => {
  const { states } = played(begun({}, { evaluateEvery: 3 }), 3);
  const plan = planFor(states[3]);
  const kinds = new Set(plan.tasks.map(({ spec }) => spec.kind));
  expect([...kinds]).toEqual(["evaluate"]);
  expect(Object.keys(plan.payloads[0]).sort()).toEqual(["head/bias", ...layerNames[0]].sort());
});

test("a quarter of the devices neither keeps nor kills a component by its claims, however large", () => {
  const calm = played(begun(), 6).states.map((state) => state.values.live);
  for (const of of [
    (j: number, place: number) => (j === 2 && place === 0 ? 1e30 : 0), // keep the worst
    (j: number, place: number) => (j === 0 && place === 3 ? 0 : 1), // kill the best
    (j: number, place: number) => 1 / honest(j, place) ** 6,
  ])
    expect(played(begun(), 6, { devices: [2, 5], of }).states.map((state) => state.values.live)).toEqual(calm);
  // a device with a quarter of the examples and more is one device
  expect(numExamples[2] + numExamples[5]).toBeGreaterThan(16 / 4);
  // half of them could
  const half = played(begun(), 6, { devices: [0, 2, 4, 5], of: (j) => (j === 2 ? 1e30 : 0) });
  expect(half.states[6].values.live).not.toEqual(calm[6]);
});

test("a pooled share lies within what the honest devices say, whatever up to a quarter of the devices claims", () => {
  const random = createRandom(5).stream({ purpose: "claims" });
  for (let trial = 0; trial < 200; trial++) {
    const [count, liars] = [5, 1 + (trial % 3)];
    const said = Array.from({ length: 4 * liars }, () => ({
      numExamples: 1 + random.integer(20),
      scores: Array.from({ length: count }, () => random.uniform() + 0.01),
    }));
    const lies = said.map((one, i) => (i < liars ? { ...one, scores: one.scores.map(() => 10 ** (40 * random.uniform() - 20)) } : one));
    const shares = (lies.slice(liars) as typeof said).map(({ scores }) => scores.map((score) => score / scores.reduce((a, b) => a + b, 0)));
    for (const [c, share] of (pooledShares(lies, count) ?? []).entries()) {
      const honestShares = shares.map((own) => own[c]);
      expect(share).toBeGreaterThanOrEqual(Math.min(...honestShares) * (1 - 1e-12));
      expect(share).toBeLessThanOrEqual(Math.max(...honestShares) * (1 + 1e-12));
    }
  }
});

test("shares are weighted by examples; who says nothing, or nothing that adds up, has no part", () => {
  const two = [
    { numExamples: 3, scores: [1, 3] },
    { numExamples: 1, scores: [2e20, 2e20] },
  ];
  expect(pooledShares(two, 2)).toEqual([0.75 * 0.25 + 0.125, 0.75 * 0.75 + 0.125]);
  expect(pooledShares([...two, { numExamples: 99, scores: [0, 0] }, { numExamples: 99, scores: [] }], 2)).toEqual(pooledShares(two, 2));
  expect(pooledShares([{ numExamples: 1, scores: [0, 0] }], 2)).toBeNull();
  expect(withinBudget([[0, 2], [1]], [0.25, 0.5, 0.25], 2)).toEqual([[0, 2], []]); // of equal ones the earlier
});

test("where no device scores anything nothing dies, and the next round makes up for it", () => {
  const { states } = played(begun(), 1);
  const plan = planFor(states[1]);
  const silent = fedAra.aggregate(states[1], plan, sent(states[1], plan, { devices: [0, 1, 2, 3, 4, 5, 6, 7], of: () => 0 }));
  expect(countIn(silent)).toBe(12);
  const next = planFor(silent);
  expect(countIn(fedAra.aggregate(silent, next, sent(silent, next)))).toBe(4);
});

test("another run that branches off goes on with the mask", () => {
  const { states } = played(begun(), 3);
  const branched = fedAra.branch?.(states[3], states[3].values.run, 3);
  expect(branched?.values.live).toEqual(states[3].values.live);
});

test("a run that tunes anything else, or starts below its target, is refused", () => {
  expect(() => begun({ targetRank: 5 })).toThrow("strategy fedAra: strategy.targetRank: it is above tuning.rank");
  const run = { ...testRun(), strategy: fedAra.defaults } as StrategyRun<FedAraSettings>;
  expect(() => fedAra.init(run, shape, initial)).toThrow("set tuning.method to svdLora");
});
