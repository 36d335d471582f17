import type { TrainerTask } from "@tutti/model";
import { expect, test } from "vitest";
import { type FakeTrainer, fakeTrainer, promptOf } from "./testing/fakeTrainer.ts";
import { coordinate, ended, join } from "./testing/joining.ts";
import { leaseOf } from "./testing/scriptedCoordinator.ts";

const pool = { numSeeds: 64, gridBits: 20, version: 4, changedFrom: 3, digest: "0123456789abcdef" } as const;
const spec = { kind: "perturb", pool, places: [5, 9], perturbation: 0.5, learningRate: 0.25, maxScalar: 10 } as const;

test("of a pool's sets a client fetches those that its trainer needs, and tells the coordinator of half a task's steps alone, none of a replay (P-221, P-35)", async () => {
  const given: TrainerTask[] = [];
  const trainer: FakeTrainer = {
    ...fakeTrainer(),
    setsFor: async () => ["changed"],
    async compute(task, state, onStep) {
      given.push(task);
      for (const step of [30, 60]) onStep?.({ step, numSteps: 60, loss: 0, phase: "replay" });
      for (let step = 1; step <= 5; step++) onStep?.({ step, numSteps: 5, loss: 0.5 });
      const delta = { scalars: { shape: [2], data: Float32Array.of(0.5, -2) } };
      return { body: { kind: "perturb", delta, numSkipped: 0, firstLoss: 1.5, lastLoss: 1.25 }, state };
    },
  };
  const coordinator = await coordinate();
  const { event } = join(coordinator, { trainer });
  await coordinator.heard("register");
  const [accumulators, changed] = [coordinator.blob({ mask: promptOf(1) }), coordinator.blob({ mask: promptOf(2) })];
  coordinator.blobs.delete(accumulators.sha256); // whoever asks for it is told that it is gone
  const expects = { shapes: { scalars: [2] }, encoding: "f16", batchSize: 8, numExamples: 13 } as const;
  const lease = leaseOf("a", changed, { round: 3, spec, parameterSets: { accumulators, changed }, expects });
  await coordinator.tell("task", lease);
  expect((await coordinator.heard("progress")).step).toBe(3);
  const submitted = await coordinator.heard("submit");
  expect(submitted.header).toEqual({ kind: "perturb", numSkipped: 0, firstLoss: 1.5, lastLoss: 1.25 });
  await event("taskEnded", ended("accepted"));
  expect(given[0]?.parameterSets).toEqual({ changed: { mask: promptOf(2) } });
});
