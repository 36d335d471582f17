import { createTensor, presets, type RunSettings, strategies } from "@tutti/core";
import type { Trainer, TrainerReady, TrainerSetup, TrainerTask } from "@tutti/model";
import { expect, test } from "vitest";
import { type ThrottleClock, throttledTrainer } from "./throttledTrainer.ts";

const params = { "lora/0/query/a": createTensor([2, 50], new Float32Array(100)) };
const task = (kind: "train" | "search" | "evaluate") =>
  ({ spec: { kind }, parameterSets: { global: params }, expects: { encoding: "f16" } }) as unknown as TrainerTask;

const setupOf = (strategy: RunSettings["strategy"]) => ({ run: { ...presets.demo, strategy } }) as TrainerSetup;

/** A trainer whose start takes 100 ms and 5 kB, and whose tasks take 300 ms, on a clock that only it moves. */
function scene(flopsPerSecond: number) {
  let now = 0;
  const waits: number[] = [];
  const setups: TrainerSetup[] = [];
  const clock: ThrottleClock = {
    now: () => now,
    async wait(ms) {
      waits.push(ms);
      now += ms;
    },
  };
  const trainer: Trainer = {
    async start(given, onProgress) {
      setups.push(given);
      now += 100;
      onProgress({ phase: "backbone", doneBytes: 5000, totalBytes: 5000 });
      return { backend: "cpu", flopsPerSecond: 8e9 } as TrainerReady;
    },
    addDevice: async () => ({ numExamples: 3 }),
    async compute({ spec }) {
      now += 300;
      const found = { kind: "search", delta: params, fitness: 1, stepSize: 1 } as const;
      if (spec.kind === "search") return { body: found, state: null };
      const body =
        spec.kind === "train"
          ? ({ kind: "train", delta: params, numSteps: 1, firstLoss: 1, lastLoss: 1 } as const)
          : ({ kind: "evaluate", results: [] } as const);
      return { body, state: null };
    },
    stop: async () => undefined,
  };
  const profile = { flopsPerSecond, memoryBytes: 1e9, bytesPerSecond: 10_000 };
  return { slow: throttledTrainer(trainer, profile, clock), waits, setups };
}

test("training takes as much longer as the simulated machine is slower, and what travels takes its time on the link", async () => {
  const { slow, waits } = scene(2e9);
  const ready = await slow.start(setupOf(strategies.fedPipe.defaults), () => undefined);
  expect(ready.flopsPerSecond).toBe(2e9);
  await slow.compute(task("train"), null);
  expect(waits).toEqual([400, 3 * 300 + 40]); // 5 kB take 500 ms; 200 values in 2 bytes each 40 ms
  await slow.compute(task("evaluate"), null);
  expect(waits).toHaveLength(2);
});

test("a search is as slow as training", async () => {
  const { slow, waits } = scene(2e9);
  await slow.start(setupOf(strategies.fedBpt.defaults), () => undefined);
  await slow.compute(task("search"), null);
  expect(waits).toEqual([400, 3 * 300 + 40]);
});

test("a machine that is slower than the simulated one waits for the link alone", async () => {
  const { slow, waits } = scene(9e9);
  await slow.start(setupOf(strategies.fedPipe.defaults), () => undefined);
  await slow.compute(task("train"), null);
  expect(waits).toEqual([400, 40]);
});

test("training is as slow in a run that does not plan, whose server is told the simulated rate", async () => {
  const { slow, waits, setups } = scene(2e9);
  const ready = await slow.start(setupOf(presets.demo.strategy), () => undefined);
  expect(setups).toMatchObject([{ measuresRate: true }]);
  expect(ready.flopsPerSecond).toBe(2e9);
  await slow.compute(task("train"), null);
  expect(waits).toEqual([400, 3 * 300 + 40]);
});
