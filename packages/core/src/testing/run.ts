import { createTensor, type Params } from "../params.ts";
import { presets } from "../presets.ts";
import type { RunSettings } from "../run.ts";
import type { FedPepTaoSettings } from "../strategies/fedPepTao/settings.ts";
import type { Strategy, StrategyRun, StrategyState } from "../strategies/strategy.ts";
import type { Contribution, Device, RoundPlan } from "../task.ts";
import type { TunedShape } from "../tunings/tuned.ts";

/** A small run in f32 without deadline, for tests. */
export function testRun(
  changes: Partial<Omit<RunSettings, "strategy">> = {},
  strategy: Partial<FedPepTaoSettings> = {},
): RunSettings & { readonly strategy: FedPepTaoSettings } {
  const { default: base } = presets;
  const plain = { contributionEncoding: "f32", paramsEncoding: "f32", deadlineMs: null, quorum: 1 } as const;
  return { ...base, ...plain, ...changes, strategy: { ...base.strategy, ...strategy } };
}

/** Prompts of `numLayers` layers, and a bias that always travels when `hasHead`. */
export function testShape(numLayers: number, hasHead = false): TunedShape {
  const layerNames = Array.from({ length: numLayers }, (_, layer) => [`prefix/${layer}`]);
  return { numLayers, layerNames, alwaysShared: hasHead ? ["head/bias"] : [] };
}

/** One-dimensional tensors by name. */
export function paramsOf(values: Readonly<Record<string, readonly number[]>>): Params {
  return Object.fromEntries(
    Object.entries(values).map(([name, data]) => [name, createTensor([data.length], Float32Array.from(data), name)]),
  );
}

/** The values of `params` as plain numbers. */
export function valuesOf(params: Params): Record<string, number[]> {
  return Object.fromEntries(Object.entries(params).map(([name, { data }]) => [name, [...data]]));
}

/** Connected devices 0, 1, … with these numbers of examples. */
export function rosterOf(numExamples: readonly number[]): Device[] {
  return numExamples.map((count, id) => ({ id, numExamples: count, isConnected: true }));
}

/** A device's contribution to a train task. */
export function trained(deviceId: number, numExamples: number, numSteps: number, delta: Params): Contribution {
  return { deviceId, numExamples, body: { kind: "train", delta, numSteps, firstLoss: 1.5, lastLoss: 1.25 } };
}

/** The plan with these devices instead of the sampled ones, in this order. */
export function withDevices(plan: RoundPlan, devices: readonly number[]): RoundPlan {
  const [task] = plan.tasks;
  return { ...plan, tasks: devices.map((deviceId) => ({ ...task, deviceId })) };
}

/** The plan that the strategy makes; throws when it waits or is done. */
export function planOf<S extends StrategyState, Run extends StrategyRun>(
  strategy: Strategy<S, Run>,
  ...inputs: Parameters<Strategy<S, Run>["plan"]>
): RoundPlan {
  const plan = strategy.plan(...inputs);
  if ("tasks" in plan) return plan;
  throw new Error("waiting" in plan ? plan.waiting : "the run is done");
}
