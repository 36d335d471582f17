import {
  type Contribution,
  createRandom,
  createStrategy,
  type Params,
  presets,
  type RoundPlan,
  type RunSettings,
  type Strategy,
  type StrategyState,
  scale,
  type Tensor,
} from "@tutti/core";
import { type BenchRow, median, row, timeMs } from "./rows.ts";

const numDevices = 100;
const numLayers = 12;
const shape = [2, 20, 1024] as const;
const numFloats = shape[0] * shape[1] * shape[2];

function randomTensor(seed: number): Tensor {
  const stream = createRandom(seed).stream({ purpose: "bench" });
  return { shape, data: Float32Array.from({ length: numFloats }, () => stream.uniform() - 0.5) };
}

/** All layers of every device travel in every round, without scoring and counting. */
const settings: RunSettings = {
  ...presets.default,
  numDevices,
  minDevices: numDevices,
  cohortSize: numDevices,
  numRounds: 4,
  evaluateEvery: 4,
  tuning: { ...presets.default.tuning, promptTokens: shape[1], head: "labelWords" },
  strategy: {
    ...presets.default.strategy,
    name: "fedPepTao",
    selector: "all",
    keepFraction: 1,
    countingRounds: 0,
    initialPrompts: "fresh",
  } as RunSettings["strategy"],
};

function contributionsTo(plan: RoundPlan, deltas: readonly Params[]): Contribution[] {
  return plan.tasks.map(({ deviceId }) => ({
    deviceId,
    numExamples: 10 + deviceId,
    body: { kind: "train", delta: deltas[deviceId] ?? {}, numSteps: 4, firstLoss: 1, lastLoss: 1 },
  }));
}

function planTraining(strategy: Strategy, state: StrategyState): RoundPlan {
  const roster = Array.from({ length: numDevices }, (_, id) => ({ id, numExamples: 10 + id, isConnected: true }));
  const plan = strategy.plan(state, roster, createRandom(1), 1);
  if (!("tasks" in plan) || plan.tasks[0]?.spec.kind !== "train") throw new Error("the benchmark expects a training step first");
  return plan;
}

/** One aggregation of 100 devices × 12 layers × (20 × 2 × 1024) floats, control variates included. */
export async function benchAggregate(): Promise<BenchRow[]> {
  const names = Array.from({ length: numLayers }, (_, layer) => `prefix/${layer}`);
  const paramsOf = (seed: number): Params => Object.fromEntries(names.map((name, layer) => [name, randomTensor(seed * numLayers + layer)]));
  const strategy = createStrategy(settings);
  const fresh = strategy.init(settings, { numLayers, layerNames: names.map((name) => [name]), alwaysShared: [] }, paramsOf(1));
  const base = paramsOf(2);
  const deltas = Array.from({ length: numDevices }, (_, index) => scale(base, 1 - index / 250));
  const first = planTraining(strategy, fresh);
  const state = strategy.aggregate(fresh, first, contributionsTo(first, deltas));
  const plan = planTraining(strategy, state);
  const contributions = contributionsTo(plan, deltas);
  const times = await timeMs(5, () => strategy.aggregate(state, plan, contributions));
  return [row("aggregate 100 devices × 12 layers × 20 × 2 × 1024", median(times) / 1000, "s", { atMost: 1 })];
}
