import { expect, test } from "vitest";
import { type MethodName, methods } from "./methods.ts";
import { presets } from "./presets.ts";
import { createRandom } from "./random.ts";
import { runRounds } from "./rounds.ts";
import type { RunSettings } from "./run.ts";
import { findExpected, numRoundsIn, remainingSteps } from "./schedule.ts";
import type { LayerSelector } from "./settings/fields.ts";
import type { FedPepTaoSettings } from "./strategies/fedPepTao/settings.ts";
import type { ExpectedStep } from "./strategies/strategy.ts";
import { createStrategy, type StrategySettings } from "./strategies/table.ts";
import { paramsOf, rosterOf, testRun, testShape } from "./testing/run.ts";
import { createSimulatedDevices, syntheticProblem } from "./testing/simulatedDevices.ts";
import { type Answer, createSimulatedPool } from "./testing/simulatedPool.ts";

const initial = paramsOf({ "prefix/0": [0.5, -1], "prefix/1": [0.25, 1], "prefix/2": [2, 0], "head/bias": [0.125] });
const shape = testShape(3, true);

/** The steps that a run really takes with devices that always answer, or as `answering` has it. */
async function realSteps(run: RunSettings, answering: (answer: Answer) => Answer = (answer) => answer): Promise<ExpectedStep[]> {
  const strategy = createStrategy(run);
  const numExamples = Array.from({ length: run.numDevices }, (_, id) => 2 + ((3 * id) % 7));
  const devices = createSimulatedDevices(syntheticProblem(11, initial, numExamples));
  const pool = createSimulatedPool(rosterOf(numExamples), answering(devices.answer));
  const steps: ExpectedStep[] = [];
  let state = strategy.init(run, shape, initial);
  for await (const event of runRounds({ strategy, state, pool, random: createRandom(run.seed) })) {
    if (event.kind !== "closed") continue;
    const { stage, round, step, tasks } = event.plan;
    // the page's "round 2 of 5", while the step is open
    expect(strategy.summary(state).numRounds).toBe(numRoundsIn(strategy.schedule(run), stage));
    const [{ spec, expects }] = tasks;
    const isFineTuning = spec.kind === "train" && spec.isPersonalised && step > 1 && Object.keys(expects.shapes).length === 0;
    steps.push({ stage, round, step, spec, numDevices: tasks.length, isFineTuning });
    state = event.state;
  }
  return steps;
}

function runOf(changes: Partial<RunSettings>, strategy: StrategySettings | Partial<FedPepTaoSettings> = {}): RunSettings {
  const base = testRun({ numDevices: 6, minDevices: 6, cohortSize: 4, numRounds: 3, evaluateEvery: 2, ...changes });
  const training = { ...base.training, optimizer: "sgd", clientLearningRate: 0.2, ...changes.training } as const;
  const whole = base.strategy.name === "fedPepTao" && !("name" in strategy) ? { ...base.strategy, ...strategy } : strategy;
  return { ...base, training, strategy: whole as StrategySettings };
}

const selectors: LayerSelector[] = ["score", "naswot", "l1", "l2", "random", "all", "first", "middle", "last"];

test.each(selectors)("FedPepTAO with the selector %s takes the steps of its schedule, whatever is counted and found", async (selector) => {
  for (const keepFraction of ["auto", 0.5, 1] as const) {
    for (const countingRounds of [0, 1, 3]) {
      for (const initialPrompts of ["fresh", "counting"] as const) {
        const run = runOf({}, { selector, keepFraction, countingRounds, initialPrompts, probeDevices: countingRounds + 1 });
        expect(await realSteps(run), JSON.stringify({ keepFraction, countingRounds, initialPrompts })).toEqual(
          createStrategy(run).schedule(run),
        );
      }
    }
  }
});

const others: StrategySettings[] = [
  { name: "fedAvg", fineTuneEpochs: 0 },
  { name: "fedAvg", fineTuneEpochs: 1 },
  { name: "fedAvg", fineTuneEpochs: 5 },
  { name: "fedOpt", optimizer: "adam", serverLearningRate: 0.5, beta1: 0.5, beta2: 0.9, tau: 0.1 },
  { name: "fedOpt", optimizer: "yogi", serverLearningRate: 0.5, beta1: 0.5, beta2: 0.9, tau: 0.1 },
  { name: "scaffold", serverLearningRate: 1 },
  { name: "local" },
];

test.each(others)("$name takes the steps of its schedule, however often it is evaluated", async (strategy) => {
  for (const numRounds of [1, 4]) {
    for (const evaluateEvery of [1, 3, 9]) {
      for (const evaluateZeroShot of [true, false]) {
        for (const cohortSize of [2, 6]) {
          const run = runOf({ numRounds, evaluateEvery, evaluateZeroShot, cohortSize }, strategy);
          const { schedule } = createStrategy(run);
          expect(await realSteps(run), JSON.stringify({ numRounds, evaluateEvery, evaluateZeroShot })).toEqual(schedule(run));
        }
      }
    }
  }
});

test.each(Object.keys(methods) as MethodName[])("the method %s takes the steps of its schedule", async (name) => {
  const run = methods[name].settings(runOf({}));
  expect(await realSteps(run)).toEqual(createStrategy(run).schedule(run));
});

test.each(Object.entries(presets))("the preset %s takes the steps of its schedule", async (_, preset) => {
  const run = { ...preset, quorum: 1, deadlineMs: null };
  expect(await realSteps(run)).toEqual(createStrategy(run).schedule(run));
});

test("a step that is repeated, or a cohort that is not complete, changes no schedule", async () => {
  const run = runOf({ deadlineMs: 1000, quorum: 0.7 }, { countingRounds: 2 });
  const steps = await realSteps(run, (answer) => (plan, task) => {
    const isSilent = plan.attempt === 1 ? plan.round % 2 === 1 : task.deviceId === plan.tasks[0].deviceId && plan.tasks.length > 3;
    return isSilent ? "silent" : answer(plan, task);
  });
  expect(steps).toEqual(createStrategy(run).schedule(run));
});

test("a fraction that comes to all of few layers leaves nothing on the devices, which no schedule can know before", async () => {
  const run = runOf({ numRounds: 1 }, { keepFraction: 0.9, countingRounds: 0 });
  const protocolsOf = (steps: readonly ExpectedStep[]) => steps.flatMap(({ spec }) => (spec.kind === "evaluate" ? spec.protocols : []));
  expect(protocolsOf(createStrategy(run).schedule(run))).toEqual(["personalised", "global", "newcomer", "zeroShot"]);
  expect(protocolsOf(await realSteps(run))).toEqual(["global", "zeroShot"]);
});

test("a schedule by hand: scoring, three counting rounds, a probe, and rounds evaluated every second and after the last", () => {
  const run = runOf({ numRounds: 3 }, { countingRounds: 3, probeDevices: 9 });
  const told = createStrategy(run)
    .schedule(run)
    .map(({ stage, round, step, spec, numDevices }) => `${stage} ${round}.${step} ${spec.kind} ${numDevices}`);
  expect(told).toEqual([
    "score 1.1 score 6",
    "count 1.1 train 4",
    "count 2.1 train 4",
    "count 3.1 train 4",
    "count 3.2 probe 6",
    "train 1.1 train 4",
    "train 2.1 train 4",
    "train 2.2 evaluate 6",
    "train 3.1 train 4",
    "train 3.2 evaluate 6",
  ]);
});

test("what is done is not expected again, and rounds are counted by stage", () => {
  const run = runOf({ numRounds: 2 }, { name: "fedAvg", fineTuneEpochs: 2 });
  const schedule = createStrategy(run).schedule(run);
  const done = [1, 2].map((round) => ({ stage: "train", round, step: 1 }) as const);
  expect(remainingSteps(schedule, done).map(({ step, spec }) => `${step} ${spec.kind}`)).toEqual(["2 train", "3 evaluate"]);
  expect([numRoundsIn(schedule, "train"), numRoundsIn(schedule, "count")]).toEqual([2, 0]);
  const find = findExpected(schedule);
  expect([1, 2].map((step) => find({ stage: "train", round: 2, step })?.isFineTuning)).toEqual([false, true]);
  expect(find({ stage: "train", round: 3, step: 1 })).toBeUndefined();
});
