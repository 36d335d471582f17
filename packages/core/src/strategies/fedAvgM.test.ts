import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf, withDevices } from "../testing/run.ts";
import { fedAvg } from "./fedAvg.ts";
import { type FedAvgMSettings, fedAvgM } from "./fedAvgM.ts";
import type { StrategyRun } from "./strategy.ts";

const numExamples = [1, 3];
const base = testRun({ numDevices: 2, minDevices: 2, cohortSize: 2, numRounds: 3, evaluateEvery: 3 });
const initial = paramsOf({ "prefix/0": [0.5, -1] });

function runOf(strategy: Partial<FedAvgMSettings>): StrategyRun<FedAvgMSettings> {
  return { ...base, strategy: { ...fedAvgM.defaults, ...strategy } };
}

/** What the two devices send in each of three rounds. */
const rounds = [
  [
    [0.2, 1],
    [-0.4, 0],
  ],
  [
    [0.1, 0],
    [0.3, 0],
  ],
  [
    [-0.2, 0.4],
    [0.2, -0.8],
  ],
];

/** W after each round. */
function play(strategy: Partial<FedAvgMSettings>): number[][] {
  let state = fedAvgM.init(runOf(strategy), testShape(1), initial);
  return rounds.map((changes) => {
    const plan = withDevices(planOf(fedAvgM, state, rosterOf(numExamples), createRandom(1), 1), [1, 0]);
    const contributions = changes.map((change, device) => trained(device, numExamples[device], 2, paramsOf({ "prefix/0": change })));
    state = fedAvgM.aggregate(state, plan, contributions);
    return valuesOf(fedAvgM.globalParams(state))["prefix/0"];
  });
}

test("the server moves by its rate along a velocity of which β stays in every round", () => {
  const found = play({ serverLearningRate: 0.8, serverMomentum: 0.5 });
  // Δ = −.25, .25, .1 and .25, 0, −.5; v = −.25, .125, .1625 and .25, .125, −.4375
  const expected = [
    [0.3, -0.8],
    [0.4, -0.7],
    [0.53, -1.05],
  ];
  for (const [round, values] of expected.entries()) {
    for (const [at, value] of values.entries()) expect(found[round][at], `round ${round + 1}`).toBeCloseTo(value, 6);
  }
});

test("without momentum and at rate 1 it is federated averaging", () => {
  const averaged = { ...base, strategy: fedAvg.defaults };
  let state = fedAvg.init(averaged, testShape(1), initial);
  const expected = rounds.map((changes) => {
    const plan = planOf(fedAvg, state, rosterOf(numExamples), createRandom(1), 1);
    const contributions = changes.map((change, device) => trained(device, numExamples[device], 2, paramsOf({ "prefix/0": change })));
    state = fedAvg.aggregate(state, plan, contributions);
    return valuesOf(fedAvg.globalParams(state))["prefix/0"];
  });
  expect(play({ serverLearningRate: 1, serverMomentum: 0 })).toEqual(expected);
});

test("its defaults are the published rate 1 and momentum 0.9", () => {
  expect(fedAvgM.defaults).toEqual({ name: "fedAvgM", serverLearningRate: 1, serverMomentum: 0.9 });
});
