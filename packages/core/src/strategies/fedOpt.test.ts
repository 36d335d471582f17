import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { paramsOf, planOf, rosterOf, testRun, testShape, trained, valuesOf, withDevices } from "../testing/run.ts";
import { type FedOptSettings, fedOpt } from "./fedOpt.ts";
import type { Strategy, StrategyRun } from "./strategy.ts";

const settings = { name: "fedOpt", serverLearningRate: 0.05, beta1: 0.9, beta2: 0.99, tau: 0.1 } as const;
const numExamples = [1, 3, 2, 2];
const roster = rosterOf(numExamples);
const random = createRandom(5);
const initial = paramsOf({ "prefix/0": [0.5, -0.25] });

function runOf(optimizer: FedOptSettings["optimizer"]): StrategyRun<FedOptSettings> {
  const sizes = { numDevices: 4, cohortSize: 2, numRounds: 3, evaluateEvery: 3 };
  return { ...testRun(sizes), strategy: { ...settings, optimizer } };
}

/** Devices and what they send, by round; Δ = (.01, .3), (.014, .132), (0, −.3667), so that Δ² lies on either side of v. */
const rounds: readonly (readonly [device: number, change: readonly number[]])[][] = [
  [
    [0, [0.1, -0.3]],
    [1, [-0.02, 0.5]],
  ],
  [
    [1, [0.05, 0.02]],
    [2, [-0.04, 0.3]],
  ],
  [
    [3, [-0.03, -0.6]],
    [0, [0.06, 0.1]],
  ],
];

/** W, m and v after each round, by the formulas in float64. */
const golden: readonly (readonly [FedOptSettings["optimizer"], readonly (readonly number[])[]])[] = [
  [
    "adam",
    [
      [0.500250622, -0.242644284, 0.001, 0.03, 0.009901, 0.0108],
      [0.500828468, -0.232802982, 0.0023, 0.0402, 0.00980395, 0.01086624],
      [0.50134983, -0.23291885, 0.00207, -0.000486667, 0.009705911, 0.012102022],
    ],
  ],
  [
    "yogi",
    [
      [0.500250006, -0.242661558, 0.001, 0.03, 0.009999, 0.0109],
      [0.500825049, -0.23286787, 0.0023, 0.0402, 0.00999704, 0.01107424],
      [0.501342587, -0.232982954, 0.00207, -0.000486667, 0.00999704, 0.012418684],
    ],
  ],
];

test.each(golden)(
  "three rounds of %s give the values computed by hand, in whatever order the contributions come",
  (optimizer, expected) => {
    for (const turn of [false, true]) {
      let state = fedOpt.init(runOf(optimizer), testShape(1), initial);
      for (const [index, sent] of rounds.entries()) {
        const plan = withDevices(
          planOf(fedOpt, state, roster, random, 1),
          sent.map(([device]) => device),
        );
        const contributions = sent.map(([device, change]) => trained(device, numExamples[device], 4, paramsOf({ "prefix/0": change })));
        state = fedOpt.aggregate(state, plan, turn ? contributions.reverse() : contributions);
        const { "W/prefix/0": w, "m/prefix/0": m, "v/prefix/0": v } = valuesOf(state.tensors);
        // kept in f32, so that three rounds differ by a few 1e-8
        for (const [i, value] of [...w, ...m, ...v].entries()) expect(value).toBeCloseTo(expected[index][i], 7);
      }
      expect(fedOpt.summary(state)).toMatchObject({ serverLearningRate: 0.05, step: 2, round: 3 });
    }
  },
);

test("the mean of equal updates is that update, and no change leaves W where it is", () => {
  const state = fedOpt.init(runOf("adam"), testShape(1), initial);
  const plan = planOf(fedOpt, state, roster, random, 1);
  const update = paramsOf({ "prefix/0": [0.3, -0.02] });
  const two = fedOpt.aggregate(state, plan, [trained(0, 1, 2, update), trained(1, 3, 9, update)]);
  expect(valuesOf(two.tensors)).toEqual(valuesOf(fedOpt.aggregate(state, plan, [trained(2, 2, 5, update)]).tensors));
  const still = fedOpt.aggregate(state, plan, [trained(2, 2, 5, paramsOf({ "prefix/0": [0, 0] }))]);
  expect(valuesOf(fedOpt.globalParams(still))).toEqual({ "prefix/0": [0.5, -0.25] });
});

test("a run of another strategy is refused", () => {
  const strategy: Strategy = fedOpt; // as those see it who do not know which one it is
  expect(() => strategy.init(testRun(), testShape(1), initial)).toThrow("strategy fedOpt: the run is set to fedPepTao");
});
