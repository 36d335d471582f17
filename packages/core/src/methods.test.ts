import { expect, test } from "vitest";
import { findMethod, type MethodName, methods } from "./methods.ts";
import { initMomentum, stepMomentum } from "./optimizers/momentum.ts";
import { addProximal } from "./optimizers/proximal.ts";
import { type Params, subtract } from "./params.ts";
import { presets } from "./presets.ts";
import { createRandom } from "./random.ts";
import type { RunSettings } from "./run.ts";
import { serverRates } from "./strategies/serverRates/table.ts";
import { createStrategy, strategies } from "./strategies/table.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf, withDevices } from "./testing/run.ts";
import { tunings } from "./tunings/table.ts";
import { initialParams, tunedEntries, tunedShape } from "./tunings/tuned.ts";

const names = Object.keys(methods) as MethodName[];
const base = presets.default;
const sizes = {
  numLayers: 2,
  hiddenSize: 12,
  keyValueWidth: 9,
  weights: [
    { name: "embeddings.word", shape: [50, 12] },
    { name: "layers.0.attention.query.weight", shape: [12, 12] },
    { name: "head.bias", shape: [50] },
  ],
};

test("every method says who published it, where and when, and what is different here", () => {
  for (const name of names) {
    const { title, publication, deviations, role, rates, trained, travels } = methods[name];
    expect(title.length, name).toBeGreaterThan(2);
    expect(deviations.length, name).toBeGreaterThan(0);
    for (const deviation of deviations) expect(deviation, name).toMatch(/^[A-Zμ].*\.$/);
    for (const cell of [trained, travels]) expect(cell, name).toMatch(/^[^|.]+$/);
    if (rates !== undefined && "of" in rates) expect(findMethod(rates.of)?.rates, `${name}: chooses its own rate`).toBeUndefined();
    if (publication === null) expect(role, name).toBe("control");
    else expect(publication, name).toMatchObject({ link: expect.stringMatching(/^https:\/\/arxiv\.org\/abs\/\d{4}\.\d{5}$/) });
  }
});

test("no two declarations name a method alike", () => {
  const tables: readonly { readonly methods: object }[] = [strategies, tunings, serverRates].flatMap((table) => Object.values(table));
  expect(tables.flatMap((declaration) => Object.keys(declaration.methods)).sort()).toEqual([...names].sort());
});

test("the paper's own method comes first, then its nine baselines in its order, others, and controls", () => {
  expect(names.slice(0, 10)).toEqual([
    "fedPepTao",
    "adapter",
    "fedPrompt",
    "pTuningV2",
    "promptTuning",
    "idpg",
    "attempt",
    "latePrompt",
    "momD",
    "momSAdamD",
  ]);
  expect(names.filter((name) => methods[name].role === "control")).toEqual(names.slice(-3));
  expect(names.filter((name) => methods[name].isTrafficReference)).toEqual(["pTuningV2"]);
  expect(names.indexOf("scaffold")).toBeLessThan(names.indexOf("fedAdam"));
});

/** Method: [strategy, tuning method, names that travel from two layers]; a new one is tested beside its file. */
const table: Readonly<Partial<Record<MethodName, readonly [RunSettings["strategy"]["name"], RunSettings["tuning"]["method"], number]>>> = {
  fedPepTao: ["fedPepTao", "prefix", 2],
  adapter: ["fedAvg", "adapter", 16],
  fedPrompt: ["fedAvg", "inputPrompt", 1],
  pTuningV2: ["fedAvg", "prefix", 2],
  promptTuning: ["fedAvg", "inputPrompt", 1],
  idpg: ["fedAvg", "idpg", 4],
  attempt: ["fedAvg", "attempt", 5],
  latePrompt: ["fedAvg", "latePrompt", 4],
  momD: ["fedAvg", "prefix", 2],
  momSAdamD: ["fedPepTao", "prefix", 2],
  lora: ["fedAvg", "lora", 8],
  full: ["fedAvg", "full", 1],
  fedProx: ["fedAvg", "prefix", 2],
  scaffold: ["scaffold", "prefix", 2],
  fedAdam: ["fedOpt", "prefix", 2],
  fedYogi: ["fedOpt", "prefix", 2],
  local: ["local", "prefix", 2],
  pooled: ["fedAvg", "prefix", 2],
  pTuningV2FineTuned: ["fedAvg", "prefix", 2],
};

test.each(names)("%s is a strategy and a tuning method, with the base's budget, and gives the same again", (name) => {
  const run = methods[name].settings(base);
  const entries = tunedEntries(sizes, { ...run.tuning, head: "labelWords" }, 4);
  const [strategy, method, numNames] = table[name] ?? [run.strategy.name, run.tuning.method, entries.length];
  expect([run.strategy.name, run.tuning.method, entries.length]).toEqual([strategy, method, numNames]);
  for (const key of ["seed", "backbone", "task", "numRounds", "evaluateEvery"] as const) expect(run[key]).toBe(base[key]);
  expect([run.training.localEpochs, run.training.batchSize]).toEqual([2, 8]);
  expect([run.tuning.head, run.tuning.lossOver]).toEqual(["linear", "labelWords"]);
  const isPooled = name === "pooled";
  expect([run.numDevices, run.cohortSize, run.partition.kind]).toEqual(isPooled ? [1, 1, "iid"] : [20, 6, "dirichletLabel"]);
  expect(methods[name].settings(run)).toEqual(run);
  expect(methods.fedPepTao.settings(base)).toEqual(base);
  // its strategy begins
  const shape = tunedShape(entries);
  const initial = initialParams(entries, createRandom(1));
  expect(() => createStrategy(run).init(run, shape, initial)).not.toThrow();
});

test("what the publications give is set: rates, sizes, optimisers", () => {
  const settings = (name: MethodName) => methods[name].settings(base);
  expect(settings("promptTuning")).toMatchObject({
    training: { clientLearningRate: 0.3, weightDecay: 0 },
    tuning: { initial: "vocabulary" },
  });
  expect(settings("fedPrompt")).toMatchObject({
    training: base.training,
    tuning: { initial: "normal", promptTokens: 16, promptDropout: 0.1 },
  });
  expect(settings("adapter").tuning).toMatchObject({ bottleneck: 32, promptDropout: 0.1 });
  expect(settings("lora").tuning).toMatchObject({ rank: 8, alpha: 16 });
  expect(settings("idpg").tuning).toMatchObject({ promptTokens: 5, bottleneck: 16 });
  expect(settings("latePrompt").tuning).toMatchObject({ promptTokens: 5, bottleneck: 128 });
  expect(settings("attempt").tuning).toMatchObject({ promptTokens: 16, sources: ["ag_news", "qnli", "boolq"] });
  expect(settings("momD").training).toEqual({ ...base.training, optimizer: "momentum", weightDecay: 0 });
  expect(settings("fedProx").training).toEqual({ ...base.training, proximal: 0.01 });
  expect(settings("scaffold").training).toEqual({ ...base.training, optimizer: "sgd", weightDecay: 0 });
  expect(settings("fedYogi").strategy).toMatchObject({ optimizer: "yogi", beta1: 0.9, beta2: 0.99, tau: 0.001 });
  expect(settings("pTuningV2FineTuned").strategy).toEqual({ name: "fedAvg", fineTuneEpochs: 2 });
  expect(settings("pooled").training.resetMoments).toBe(false);
});

test("what a definition says of moments and of the server's rate holds under the official preset too", () => {
  expect(presets.official.training.resetMoments).toBe(false);
  expect(methods.momD.settings(presets.official).training).toMatchObject({ optimizer: "momentum", resetMoments: true });
  expect(methods.momSAdamD.settings(presets.official).strategy).toMatchObject({
    serverLearningRate: "client",
    serverLearningRateDecay: 0.99,
    serverStep: "parallel",
    controlVariates: false,
  });
});

const small = testRun({ numDevices: 2, minDevices: 2, cohortSize: 2, numRounds: 3, evaluateEvery: 3 });
const numExamples = [1, 3];

/** Rounds of a method over one parameter; `change` gives what a device sends for W. */
function play(run: RunSettings, start: number, rounds: readonly ((device: number, sent: Params) => Params)[]): number[] {
  const strategy = createStrategy(run);
  let state = strategy.init(run, testShape(1), paramsOf({ "prefix/0": [start] }));
  return rounds.map((change) => {
    const plan = withDevices(planOf(strategy, state, rosterOf(numExamples), createRandom(1), 1), [1, 0]);
    const contributions = [0, 1].map((device) => trained(device, numExamples[device], 2, change(device, plan.payloads[0])));
    state = strategy.aggregate(state, plan, contributions);
    return valuesOf(strategy.globalParams(state))["prefix/0"][0];
  });
}

/** Loss ½ a (y − t)² of each device. */
const losses = [
  { a: 0.5, t: 3 },
  { a: 0.2, t: -2 },
];
const gradientOf = (device: number, params: Params): Params =>
  paramsOf({ "prefix/0": [losses[device].a * (params["prefix/0"].data[0] - losses[device].t)] });

test("MomD: two momentum steps on each device, and the plain average", () => {
  const run = methods.momD.settings(small);
  const settings = { learningRate: 0.1, momentum: 0.9, weightDecay: 0, clipNorm: 100 };
  const change = (device: number, sent: Params): Params => {
    const first = stepMomentum(sent, gradientOf(device, sent), initMomentum(sent), settings);
    return subtract(stepMomentum(first.params, gradientOf(device, first.params), first.state, settings).params, sent);
  };
  // device 0: u = −1, y = 1.1; u = −0.9 − 0.95, y = 1.285. Device 1: u = 0.6, y = 0.94; u = 0.54 + 0.588, y = 0.8272
  expect(play(run, 1, [change])[0]).toBeCloseTo(1 + 0.25 * 0.285 - 0.75 * 0.1728, 6);
});

test("FedProx: the second step on each device is pulled back to W", () => {
  const run = methods.fedProx.settings({ ...small, training: { ...small.training, proximal: 0.5 } });
  const settings = { learningRate: 0.1, momentum: 0, weightDecay: 0, clipNorm: 100 };
  const change = (device: number, sent: Params): Params => {
    let params = sent;
    for (let step = 0; step < 2; step++) {
      const gradient = addProximal(gradientOf(device, params), params, sent, run.training.proximal);
      params = stepMomentum(params, gradient, initMomentum(params), settings).params;
    }
    return subtract(params, sent);
  };
  // device 0: g = −1, then −0.95 + 0.05; device 1: g = 0.6, then 0.588 − 0.03
  expect(play(run, 1, [change])[0]).toBeCloseTo(1 + 0.25 * 0.19 - 0.75 * 0.1158, 6);
});

test("MomS+AdamD: the velocity of the displacement is taken on top of the average, from the second round on", () => {
  const run = methods.momSAdamD.settings({ ...small, training: { ...small.training, clientLearningRate: 0.4 } });
  const sends =
    (...changes: number[]) =>
    (device: number): Params =>
      paramsOf({ "prefix/0": [changes[device]] });
  const found = play(run, 0.5, [sends(0.2, -0.4), sends(0.1, 0.3), sends(-0.2, 0.2)]);
  // A = .25; then A = .5, D = −.25, V = −.025, η_s = .396; then A = .6099, D = −.1, V = −.0325, η_s = .39204
  const expected = [0.25, 0.5099, 0.6226413];
  for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 6);
});
