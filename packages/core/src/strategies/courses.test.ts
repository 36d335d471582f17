import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { type RoundEvent, runRounds } from "../rounds.ts";
import type { RunSettings } from "../run.ts";
import { paramsOf, rosterOf, testRun, testShape, valuesOf } from "../testing/run.ts";
import { createSimulatedDevices, syntheticProblem } from "../testing/simulatedDevices.ts";
import { createSimulatedPool } from "../testing/simulatedPool.ts";
import type { StrategyState } from "./strategy.ts";
import { createStrategy, type StrategySettings } from "./table.ts";

const numExamples = [4, 1, 7, 2, 5, 3];
const initial = paramsOf({ "prefix/0": [0.5, -1, 2, 0], "prefix/1": [0, 0.25, 1, -1], "head/bias": [0, 0.125] });
const shape = testShape(2, true);
const problem = syntheticProblem(11, initial, numExamples);
const strategies: StrategySettings[] = [
  { name: "fedOpt", optimizer: "adam", serverLearningRate: 0.5, beta1: 0.5, beta2: 0.9, tau: 0.1 },
  { name: "fedOpt", optimizer: "yogi", serverLearningRate: 0.5, beta1: 0.5, beta2: 0.9, tau: 0.1 },
  { name: "scaffold", serverLearningRate: 1 },
  { name: "local" },
  { name: "fedAvg", fineTuneEpochs: 2 },
];

function runOf(strategy: StrategySettings, changes: Partial<RunSettings> = {}): RunSettings {
  const base = testRun({ numDevices: 6, minDevices: 3, cohortSize: 4, numRounds: 8, evaluateEvery: 4, quorum: 0.7 });
  const training = { ...base.training, optimizer: "sgd", clientLearningRate: 0.2 } as const; // of the simulated devices
  return { ...base, training, ...changes, strategy };
}

type Closed = RoundEvent & { readonly kind: "closed" };

/** Runs a strategy; from `resumeAt` on with everything read back from text, from the state after that many closed steps. */
async function simulate(run: RunSettings, resumeAt = Number.POSITIVE_INFINITY): Promise<{ closed: Closed[]; state: StrategyState }> {
  const strategy = createStrategy(run);
  const pool = createSimulatedPool(rosterOf(numExamples), createSimulatedDevices(problem).answer);
  const closed: Closed[] = [];
  let state = strategy.init(run, shape, initial);
  for (;;) {
    for await (const event of runRounds({ strategy, state, pool, random: createRandom(run.seed) })) {
      if (event.kind === "done") return { closed, state: event.state };
      if (event.kind !== "closed") continue;
      closed.push(event);
      state = event.state;
      if (closed.length === resumeAt) break;
    }
    state = { values: JSON.parse(JSON.stringify(state.values)), tensors: structuredClone(state.tensors) };
  }
}

const titled = strategies.map((strategy): [string, StrategySettings] => [
  strategy.name === "fedOpt" ? `fedOpt with ${strategy.optimizer}` : strategy.name,
  strategy,
]);

test.each(titled)("%s saved in the middle of a run and loaded again ends with the same bits", async (_, strategy) => {
  const run = runOf(strategy, { paramsEncoding: "f16", contributionEncoding: "f16" });
  const whole = await simulate(run);
  for (const at of [3, whole.closed.length - 1]) {
    const resumed = await simulate(run, at);
    expect(resumed.state.values).toEqual(whole.state.values);
    expect(valuesOf(resumed.state.tensors)).toEqual(valuesOf(whole.state.tensors));
  }
});

test.each(titled)("%s does not depend on the order of the contributions and changes nothing that it was given", async (_, strategy) => {
  const run = runOf(strategy);
  const { aggregate, init } = createStrategy(run);
  const { closed } = await simulate(run);
  for (const [index, { plan, contributions, state }] of closed.entries()) {
    const before = index === 0 ? init(run, shape, initial) : closed[index - 1].state;
    const copy = structuredClone({ before, contributions });
    expect(valuesOf(aggregate(before, plan, [...contributions].reverse()).tensors)).toEqual(valuesOf(state.tensors));
    expect({ before, contributions }).toEqual(copy);
  }
});

test.each(titled)("%s brings devices nearer to their targets", async (_, strategy) => {
  const run = runOf(strategy);
  const { state } = await simulate(run);
  const { evaluations } = createStrategy(run).summary(state);
  const lossOf = (protocol: string) => {
    const results = evaluations.at(-1)?.results ?? [];
    return results.find((result) => result.protocol === protocol && result.split === "test")?.lossSum ?? Number.NaN;
  };
  const zeroShot = evaluations[0].results.find(({ protocol }) => protocol === "zeroShot")?.lossSum ?? Number.NaN;
  expect(lossOf("personalised")).toBeLessThan(0.5 * zeroShot);
  const keepsOwn = strategy.name === "local" || strategy.name === "fedAvg";
  if (keepsOwn) expect(lossOf("personalised")).toBeLessThan(lossOf("newcomer"));
  else expect(lossOf("newcomer")).toBe(lossOf("global"));
});
