import { expect, test } from "vitest";
import { frozenOf } from "../parameterSets.ts";
import { mapParams, type Params, pickNames } from "../params.ts";
import { createRandom } from "../random.ts";
import type { RunSettings } from "../run.ts";
import type { RoundPlan } from "../task.ts";
import { planOf, rosterOf, testRun, trained } from "../testing/run.ts";
import { matrixOf } from "../testing/trainMatrix.ts";
import { commonDefaults } from "../tunings/declaration.ts";
import { tensorTrain } from "../tunings/tensorTrain.ts";
import { coreIndexOf } from "../tunings/tensorTrainCores.ts";
import { initialParams, tunedEntries, tunedShape } from "../tunings/tuned.ts";
import { fedAvg } from "./fedAvg.ts";
import { fedTt, movingCore } from "./fedTt.ts";
import type { Strategy, StrategyRun } from "./strategy.ts";
import { createStrategy } from "./table.ts";
import { allNames } from "./tensors.ts";

const numExamples = [1, 3, 2];
const tuning = { ...commonDefaults, ...tensorTrain.defaults, bottleneck: 6, rank: 3, maxFactor: 4 } as const;
const entries = tunedEntries({ numLayers: 2, hiddenSize: 8, keyValueWidth: 8 }, tuning, 2); // 8 is 4 · 2 and 6 is 3 · 2: four cores
const shape = tunedShape(entries);
const initial = initialParams(entries, createRandom(5));
const base = testRun({ numDevices: 3, minDevices: 3, cohortSize: 3, numRounds: 6, evaluateEvery: 6, tuning });
const runOf = (moving: "all" | "one"): RunSettings & StrategyRun<typeof fedTt.defaults> => ({
  ...base,
  strategy: { name: "fedTt", moving },
});
const bases = [0, 1].flatMap((layer) =>
  ["attention", "feedForward"].flatMap((place) => ["down", "up"].map((matrix) => `tensorTrain/${layer}/${place}/${matrix}`)),
);

/** What a device sends for what is asked, by its number and the round. */
function changeOf({ round, tasks: [{ expects }] }: RoundPlan, device: number): Params {
  const like = pickNames(initial, Object.keys(expects.shapes));
  return mapParams(like, ({ shape: extents, data }, name) => {
    const random = createRandom(11).stream({ round, device, purpose: name });
    return { shape: extents, data: data.map(() => 0.5 * random.normal()) };
  });
}

/** W after each round, with the plan and what the devices sent. */
function play(run: RunSettings, numRounds: number) {
  const strategy = createStrategy(run) as Strategy;
  let state = strategy.init(run, shape, initial);
  return Array.from({ length: numRounds }, () => {
    const before = state;
    const plan = planOf(strategy, state, rosterOf(numExamples), createRandom(1), 1);
    const changes = numExamples.map((_, device) => changeOf(plan, device));
    state = strategy.aggregate(
      state,
      plan,
      changes.map((change, device) => trained(device, numExamples[device], 2, change)),
    );
    return { before, plan, changes, state, params: strategy.globalParams(state), summary: strategy.summary(state) };
  });
}

test("FedTT+: the mean of the devices' matrices is the matrix of the mean core, in every round and of every matrix", () => {
  for (const { before, changes, params, plan } of play(runOf("one"), 5)) {
    const w = fedTt.globalParams(before as never);
    for (const name of bases) {
      const each = changes.map((change) => matrixOf(name, w, change));
      const mean = each[0].map((_, i) => each.reduce((sum, values, device) => sum + (numExamples[device] / 6) * values[i], 0));
      const found = matrixOf(name, params);
      const size = Math.hypot(...mean);
      // the server keeps cores in f32, everything else is in f64
      expect(Math.hypot(...found.map((value, i) => value - mean[i])), `round ${plan.round}, ${name}`).toBeLessThan(1e-6 * size);
    }
  }
});

test("FedTT: with all cores moving the matrix of the mean cores is far from the mean of the matrices", () => {
  const [, { before, changes, params }] = play(runOf("all"), 2);
  const w = fedTt.globalParams(before as never);
  const each = changes.map((change) => matrixOf(bases[0], w, change));
  const mean = each[0].map((_, i) => each.reduce((sum, values, device) => sum + (numExamples[device] / 6) * values[i], 0));
  const found = matrixOf(bases[0], params);
  expect(Math.hypot(...found.map((value, i) => value - mean[i]))).toBeGreaterThan(0.1 * Math.hypot(...mean));
});

test("FedTT+: which core moves goes by turns, the last one first, and nothing else of the trains travels or changes", () => {
  expect([1, 2, 3, 4, 5, 6].map((round) => movingCore(round, 4))).toEqual([3, 0, 1, 2, 3, 0]);
  const rounds = play(runOf("one"), 5);
  const seen = rounds.map(({ plan, state, before, summary }) => {
    const [{ expects, parameterSets }] = plan.tasks;
    const asked = Object.keys(expects.shapes);
    const cores = [...new Set(asked.map(coreIndexOf))].filter((index) => index !== null);
    expect(asked.filter((name) => coreIndexOf(name) === null)).toEqual(["head/weight", "head/bias"]);
    expect(asked).toHaveLength(bases.length + 2);
    expect(summary.sharedNames).toEqual(expect.arrayContaining(asked.filter((name) => coreIndexOf(name) === null)));
    for (const name of allNames(shape))
      if (asked.includes(name)) expect(state.tensors[`W/${name}`], name).not.toEqual(before.tensors[`W/${name}`]);
      else expect(state.tensors[`W/${name}`], name).toBe(before.tensors[`W/${name}`]);
    return `${cores} | ${Object.keys(parameterSets).join(" ")}`;
  });
  expect(seen).toEqual([
    "3 | global frozen/0 frozen/1 frozen/2",
    "0 | global frozen/1 frozen/2 frozen/3",
    "1 | global frozen/0 frozen/2 frozen/3",
    "2 | global frozen/0 frozen/1 frozen/3",
    "3 | global frozen/0 frozen/1 frozen/2",
  ]);
});

test("FedTT+: every device gets each core once, and a part of the frozen ones changes only after the round that trained it", () => {
  const rounds = play(runOf("one"), 5);
  const partsOf = ({ payloads, tasks: [{ parameterSets }] }: RoundPlan) =>
    Object.fromEntries(Object.entries(parameterSets).map(([name, index]) => [name, payloads[index]]));
  for (const [at, { plan, before }] of rounds.entries()) {
    const sets = partsOf(plan);
    const all = { ...sets.global, ...frozenOf(sets) };
    expect(Object.values(sets).reduce((sum, params) => sum + Object.keys(params).length, 0)).toBe(entries.length);
    expect(all).toEqual(fedTt.globalParams(before as never));
    if (at === 0) continue;
    const earlier = partsOf(rounds[at - 1].plan);
    for (const [name, params] of Object.entries(sets)) {
      if (name === "global" || earlier[name] === undefined) continue;
      for (const [core, tensor] of Object.entries(params)) expect(tensor, core).toBe(earlier[name][core]);
    }
    expect(Object.keys(sets).filter((name) => !(name in earlier))).toEqual([`frozen/${movingCore(at, 4)}`]);
  }
});

test("FedTT is federated averaging of all cores, to the bit", () => {
  const averaged = play({ ...base, strategy: { ...fedAvg.defaults } }, 3);
  const found = play(runOf("all"), 3);
  expect(found.map(({ params }) => params)).toEqual(averaged.map(({ params }) => params));
  expect(found.map(({ plan }) => plan.tasks.map(({ parameterSets }) => Object.keys(parameterSets)))).toEqual(
    Array(3).fill(Array(3).fill(["global"])),
  );
});

test("it trains tensor trains alone", () => {
  const prompts = { ...runOf("one"), tuning: testRun().tuning };
  expect(() => fedTt.init(prompts, shape, initial)).toThrow(
    "strategy fedTt: tuning.method: fedTt trains the cores of tensor trains: set tuning.method to tensorTrain",
  );
});
