import type { Trainer, TrainerTask } from "@tutti/model";
import { expect, test } from "vitest";
import { type FakeTrainer, fakeTrainer, promptOf } from "./testing/fakeTrainer.ts";
import { coordinate, ended, join } from "./testing/joining.ts";
import { leaseOf } from "./testing/scriptedCoordinator.ts";

const spec = {
  kind: "search",
  populationSize: 5,
  numIterations: 8,
  covariance: "full",
  initialStepSize: 1,
  stepSize: 0.5,
  stepSizeRule: "published",
  corruptFraction: 0.5,
  maxExamples: 64,
  beginsAtZero: true,
  toldFrom: 2,
  digest: "0123456789abcdef",
} as const;
const shapes = { z: [3] };

/** A trainer that searches, with what it was given for each task. */
function searching(setsFor?: Trainer["setsFor"]) {
  const given: TrainerTask[] = [];
  const trainer: FakeTrainer = {
    ...fakeTrainer(),
    ...(setsFor === undefined ? {} : { setsFor }),
    async compute(task, state) {
      given.push(task);
      return {
        body: { kind: "search", delta: { z: { shape: [3], data: Float32Array.of(0.5, -1, 2) } }, fitness: 0.75, stepSize: 0.5 },
        state,
      };
    },
  };
  return { trainer, given };
}

test("of a search task a client fetches the sets that its trainer needs, and no others (P-210)", async () => {
  const asked: unknown[] = [];
  const { trainer, given } = searching(async (task) => {
    asked.push(task);
    return ["told"];
  });
  const coordinator = await coordinate();
  const { event } = join(coordinator, { trainer });
  await coordinator.heard("register");
  const [search, told] = [coordinator.blob({ mean: promptOf(1) }), coordinator.blob({ "2/moves": promptOf(2) })];
  coordinator.blobs.delete(search.sha256); // whoever asks for it is told that it is gone
  const lease = leaseOf("a", search, {
    round: 3,
    spec,
    parameterSets: { search, told },
    expects: { shapes, encoding: "f16", batchSize: 8, numExamples: 13 },
  });
  await coordinator.tell("task", lease);
  const submitted = await coordinator.heard("submit");
  expect(submitted.header).toEqual({ kind: "search", fitness: 0.75, stepSize: 0.5 });
  await event("taskEnded", ended("accepted"));
  const { deviceId, stage, round, attempt, expects } = lease;
  expect(asked).toEqual([{ deviceId, stage, round, attempt, spec, expects, setSizes: { search: search.numBytes, told: told.numBytes } }]);
  expect(given[0]?.parameterSets).toEqual({ told: { "2/moves": promptOf(2) } });
});

test("of a search's points the coordinator hears at quarters alone, so that progress takes less than the result (P-35)", async () => {
  const { trainer } = searching();
  const coordinator = await coordinate();
  const steps: number[] = [];
  const stepping: FakeTrainer = {
    ...trainer,
    async compute(task, state, onStep, signal) {
      for (let step = 1; step <= 41; step++) {
        onStep?.({ step, numSteps: 41, loss: 0.5 });
        if ([11, 21, 41].includes(step)) steps.push((await coordinator.heard("progress")).step);
      }
      return trainer.compute(task, state, undefined, signal);
    },
  };
  const { event } = join(coordinator, { trainer: stepping });
  await coordinator.heard("register");
  const blob = coordinator.blob({ "2/moves": promptOf(2) });
  const expects = { shapes, encoding: "f16", batchSize: 8, numExamples: 13 } as const;
  await coordinator.tell("task", leaseOf("a", blob, { round: 3, spec, parameterSets: { told: blob }, expects }));
  await event("taskEnded", ended("accepted"));
  // 31 is told where the points before it took long enough
  expect(steps.filter((step) => step !== 31)).toEqual(expect.arrayContaining([11, 21]));
  expect(steps.every((step) => [11, 21, 31, 41].includes(step))).toBe(true);
});

test("a trainer that does not say what it needs gets all sets", async () => {
  for (const setsFor of [undefined, async () => null]) {
    const { trainer, given } = searching(setsFor);
    const coordinator = await coordinate();
    join(coordinator, { trainer });
    await coordinator.heard("register");
    const sets = { search: { mean: promptOf(1) }, told: { "2/moves": promptOf(2) } };
    const parameterSets = { search: coordinator.blob(sets.search), told: coordinator.blob(sets.told) };
    const expects = { shapes, encoding: "f16", batchSize: 8, numExamples: 13 } as const;
    await coordinator.tell("task", leaseOf("a", parameterSets.search, { round: 3, spec, parameterSets, expects }));
    await coordinator.heard("submit");
    expect(given[0]?.parameterSets).toEqual(sets);
  }
});
