import { expect, test } from "vitest";
import { createTensor, mapParams, type Params, weightedSum, zeros } from "../params.ts";
import { createRandom } from "../random.ts";
import { isResidualName } from "../residualParams.ts";
import type { RunSettings } from "../run.ts";
import type { Contribution } from "../task.ts";
import { factorsOf, loraRun, loraShape } from "../testing/loraRun.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf } from "../testing/run.ts";
import { commonDefaults } from "../tunings/declaration.ts";
import { tunings } from "../tunings/table.ts";
import type { TunedShape } from "../tunings/tuned.ts";
import { exampleWeights } from "./averaging.ts";
import { serverRateAt, serverRates } from "./serverRates/table.ts";
import {
  createStrategy,
  type DeclaredSettings,
  needsSingleContributions,
  type StrategyName,
  strategies,
  strategyRules,
  strategySchema,
} from "./table.ts";

const names = Object.keys(strategies) as StrategyName[];
const base = testRun({ numDevices: 4, minDevices: 4, cohortSize: 4, numRounds: 4, evaluateEvery: 4 });
const training = { ...base.training, optimizer: "sgd", clientLearningRate: 0.25 } as const;
/** Settings of each strategy with which it trains from the first round on. */
const settingsOf = (name: StrategyName): DeclaredSettings => {
  const { defaults } = strategies[name];
  if ("distillSteps" in defaults) return { ...defaults, distillSteps: 0 }; // another test has a compute client's contributions
  if ("sparseRounds" in defaults) return { ...defaults, sparseRounds: 2 };
  return "selector" in defaults ? { ...defaults, selector: "all", countingRounds: 0, initialPrompts: "fresh" } : defaults;
};
const runOf = (strategy: RunSettings["strategy"]): RunSettings => ({ ...base, training, strategy });
const numExamples = [1, 3, 2, 2];
const initial = paramsOf({ "prefix/0": [0.5, -0.25] });

test.each(names)("%s is found by its name, and its defaults are within its bounds, with nothing left out", (name) => {
  const { name: own, defaults, title, about, schema, settings, laterSettings } = strategies[name];
  expect(own).toBe(name);
  expect(createStrategy({ strategy: { name } })).toBe(strategies[name]);
  expect(strategySchema.parse(defaults)).toEqual(defaults);
  expect(title.length).toBeGreaterThan(2);
  expect(about).toMatch(/^[A-Z].*\.$/);
  for (const setting of Object.keys(settings)) {
    const isOptional = schema.safeParse(Object.fromEntries(Object.entries(defaults).filter(([key]) => key !== setting))).success;
    const isLater = setting === "serverRateSchedule" || laterSettings?.some((later) => later === setting) === true;
    expect(isOptional, setting).toBe(isLater);
  }
});

test("a strategy that has a server rate takes every schedule of it, and its summary says the rate of the latest step", () => {
  const withRate = names.filter((name) => "serverLearningRate" in strategies[name].settings);
  expect(withRate).toEqual(expect.arrayContaining(["fedPepTao", "scaffold", "fedOpt"]));
  for (const name of withRate) {
    expect(Object.keys(strategies[name].settings), name).toContain("serverRateSchedule");
    for (const schedule of Object.values(serverRates)) {
      const serverRateSchedule = schedule.schema.parse(schedule.defaults);
      const rates = (more: object) => ratesOf(runOf(strategySchema.parse({ ...settingsOf(name), ...more })));
      const factors = [1, 2, 3, 4].map((round) => serverRateAt(1, schedule.defaults, { round, numRounds: 4 }));
      const expected = rates({}).map((rate, round) => (rate ?? Number.NaN) * (factors[round] ?? Number.NaN));
      expect(rates({ serverRateSchedule }), `${name} ${schedule.name}`).toEqual(expected);
    }
  }
});

test("the server's step takes the rate that the schedule gives for its round", () => {
  for (const name of names.filter((one) => "serverLearningRate" in strategies[one].settings)) {
    const rate = strategySchema.parse({ ...settingsOf(name), serverLearningRate: 0.5 });
    for (const { schema, defaults } of Object.values(serverRates)) {
      const scheduled = strategySchema.parse({ ...rate, serverRateSchedule: schema.parse(defaults) });
      const given = strategySchema.parse({ ...rate, serverLearningRate: serverRateAt(0.5, defaults, { round: 3, numRounds: 4 }) });
      const [found, expected] = [scheduled, given].map((strategy) => inRoundThree(runOf(strategy)));
      for (const [at, value] of expected.entries()) expect(found[at], `${name} ${defaults.name}`).toBeCloseTo(value, 6);
    }
  }
});

/** W after a training round 3 that the run begins with. */
function inRoundThree(run: RunSettings): number[] {
  const strategy = createStrategy(run);
  const begun = strategy.init(run, testShape(1), initial);
  const { position } = begun.values;
  const state = { ...begun, values: { ...begun.values, position: { ...(position as object), round: 3 } } };
  const plan = planOf(strategy, state, rosterOf(numExamples), createRandom(1), 1);
  const sent = plan.tasks.map(({ deviceId }) =>
    trained(deviceId, numExamples[deviceId], 2 + deviceId, paramsOf({ "prefix/0": [0.25 - deviceId, 0.5] })),
  );
  return valuesOf(strategy.globalParams(strategy.aggregate(state, plan, sent)))["prefix/0"];
}

/** The server's rate after each of four rounds. */
function ratesOf(run: RunSettings): (number | null)[] {
  const strategy = createStrategy(run);
  let state = strategy.init(run, testShape(1), initial);
  return [1, 2, 3, 4].map(() => {
    const plan = planOf(strategy, state, rosterOf(numExamples), createRandom(1), 1);
    state = strategy.aggregate(
      state,
      plan,
      plan.tasks.map(({ deviceId }) => trained(deviceId, numExamples[deviceId], 2, paramsOf({ "prefix/0": [0.125, 0.5] }))),
    );
    return strategy.summary(state).serverLearningRate;
  });
}

/** Parameters without layers. */
function tunedOf(alwaysShared: readonly string[]): TunedShape {
  return { numLayers: 0, layerNames: [], alwaysShared };
}

/** Whether a strategy is made for LoRA's factors. */
function tunesLora(name: StrategyName): boolean {
  return Object.values(strategies[name].methods).some((method: { readonly tunes?: string }) => method.tunes === "lora");
}

/** A run of a strategy with what it tunes, of a few values. */
function problemOf(strategy: DeclaredSettings) {
  if (strategy.name === "fedBpt") {
    const tuning = { ...commonDefaults, ...tunings.projectedPrompt.defaults, dimension: 2, head: "labelWords" } as const;
    return { run: { ...runOf(strategy), tuning }, tuned: tunedOf(["z"]), start: paramsOf({ z: [0.5, -0.25] }) };
  }
  if (strategy.name === "fedTt") {
    const tuning = { ...commonDefaults, ...tunings.tensorTrain.defaults, head: "labelWords" } as const;
    return { run: { ...runOf(strategy), tuning }, tuned: testShape(1), start: initial };
  }
  if (strategy.name === "fedAra") {
    const tuning = { ...commonDefaults, ...tunings.svdLora.defaults } as const;
    const [p, e, q] = ["p", "e", "q"].map((part) => `svdLora/0/query/${part}`);
    const start = {
      ...paramsOf({ [e]: [0.5, 0.25] }),
      [p]: createTensor([1, 2], Float32Array.of(1, -1)),
      [q]: createTensor([2, 1], Float32Array.of(2, 1)),
    };
    return { run: { ...runOf(strategy), tuning }, tuned: { numLayers: 1, layerNames: [[q, e, p]], alwaysShared: [] }, start };
  }
  if (!tunesLora(strategy.name)) return { run: runOf(strategy), tuned: testShape(1), start: initial };
  const start = factorsOf({ b: [[0.5], [-0.25]], a: [[1, -1]] }, [0.5]);
  return { run: { ...runOf(strategy), tuning: loraRun().tuning }, tuned: loraShape, start };
}

/** Rounds of a strategy in which devices send what their number says, or their weighted mean alone in each one's place. */
function played(settings: DeclaredSettings, isMerged: boolean): Record<string, number[]> {
  const { run, tuned, start } = problemOf(settings);
  const strategy = createStrategy(run);
  let state = strategy.init(run, tuned, start);
  for (let round = 1; round <= 3; round++) {
    const plan = planOf(strategy, state, rosterOf(numExamples), createRandom(1), 1);
    const sent = plan.tasks.map(({ deviceId, expects, spec }) => {
      const values = [0.25 * deviceId - 0.125 * round, 0.5 - 0.125 * deviceId * round];
      if (spec.kind === "perturb") {
        const scalars = { shape: [spec.places.length], data: Float32Array.from(spec.places, (_, step) => values[step % 2]) };
        const body = { kind: spec.kind, delta: { scalars }, numSkipped: 0, firstLoss: 1.5, lastLoss: 1.25 };
        return { deviceId, numExamples: numExamples[deviceId], body };
      }
      const zero = Object.fromEntries(Object.entries(expects.shapes).map(([name, shape]) => [name, zeros(shape)]));
      const delta = mapParams(zero, ({ shape, data }) => ({ shape, data: data.map((_, i) => values[i]) }));
      if (spec.kind !== "search") return trained(deviceId, numExamples[deviceId], 2 + deviceId, delta);
      return { deviceId, numExamples: numExamples[deviceId], body: { kind: spec.kind, delta, fitness: 2 + deviceId, stepSize: 1 } };
    });
    state = strategy.aggregate(state, plan, isMerged ? merged(sent) : sent);
  }
  const residual = Object.entries(strategy.newcomerParams(state)).filter(([name]) => isResidualName(name));
  return valuesOf({ ...strategy.globalParams(state), ...Object.fromEntries(residual) });
}

/** What a server sees that is told the weighted sum alone. */
function merged(contributions: readonly Contribution[]): Contribution[] {
  const deltas = contributions.map(({ body }): Params => ("delta" in body ? body.delta : {}));
  const mean = weightedSum(deltas, exampleWeights(contributions));
  const total = contributions.reduce((sum, one) => sum + one.numExamples, 0);
  const [first] = [...contributions].sort((a, b) => a.deviceId - b.deviceId);
  if (first.body.kind === "search" || first.body.kind === "perturb")
    return [{ ...first, numExamples: total, body: { ...first.body, delta: mean } }];
  return [trained(first.deviceId, total, 2, mean)];
}

test("a strategy that does not need single contributions makes the same of their weighted sum, and only such a one", () => {
  const variants: DeclaredSettings[] = [
    ...names.filter((name) => name !== "fedDtpt").map(settingsOf), // prompts of words have no sum
    { ...strategies.fedPepTao.defaults, selector: "all", countingRounds: 0, initialPrompts: "fresh", controlVariates: false },
  ];
  const travelling = variants.filter(({ name }) => Object.keys(played(settingsOf(name), false)).length > 0);
  expect(travelling.length).toBe(variants.length - 1); // training alone sends nothing
  for (const settings of travelling) {
    if (settings.name === "fedAra") continue; // without scores of components none is taken out: it is FedAvg then
    if (settings.name === "fedAdapter") continue; // with one component in one layer nothing can grow: it is FedAvg there
    const { run } = problemOf(settings);
    const [whole = [], sum = []] = [false, true].map((isMerged) => Object.values(played(settings, isMerged)).flat());
    const difference = Math.max(...whole.map((value, at) => Math.abs(value - (sum[at] ?? Number.NaN))));
    // sums of a few numbers near 1 in f32 differ by 1e-6 at most
    expect(difference < 1e-5, `${settings.name}: ${whole} against ${sum}`).toBe(!needsSingleContributions(run));
  }
});

test("rules are told with the strategy that has them", () => {
  expect(strategyRules.map(({ name, path }) => `${name} ${path.join(".")}`)).toEqual(
    expect.arrayContaining(["fedPepTao strategy.selector", "fedPepTao training.clientLearningRate", "scaffold training.optimizer"]),
  );
  for (const { name, error, of } of strategyRules) {
    expect(error, name).toMatch(/^\S.*[^.]$/);
    expect(of.length, name).toBeGreaterThan(1);
  }
});
