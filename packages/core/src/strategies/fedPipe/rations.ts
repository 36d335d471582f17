import { type Params, shapesOf } from "../../params.ts";
import type { PlannedTask, RoundPlan, TaskSpec } from "../../task.ts";
import { type LoraPair, loraPairs } from "../../tunings/loraFactors.ts";
import { componentsOf } from "../mixedRanks.ts";
import type { DevicePlan } from "./plan.ts";
import type { FedPipeState } from "./state.ts";

/** What one device gets of the global model, and how it trains. */
export interface Rationed {
  readonly pairs: readonly LoraPair[];
  /** Of each pair, 0 where the device does without; one above the run's counts as the run's. */
  readonly ranks: readonly number[];
  readonly batchSize: number;
  readonly scoresMatrices?: true;
  readonly plan?: DevicePlan;
}

/** A device's ration by its plan; without one, what is selected at the rank of the warm-up round. */
export function rationOf({ values }: FedPipeState, plan: DevicePlan | undefined): Rationed {
  const { run, shape, selected } = values;
  const pairs = loraPairs(shape);
  if (plan !== undefined) return { pairs, ranks: plan.ranks, batchSize: plan.batchSize, plan };
  const ranks = pairs.map((_, j) => (selected?.includes(j) === true ? run.strategy.warmupRank : 0));
  return { pairs, ranks, batchSize: run.training.batchSize };
}

/** The plan with each task's own part of W: leading components of each pair, and everything else whole. Equal parts are one payload. */
export function rationed(planned: RoundPlan, global: Params, rationFor: (task: PlannedTask) => Rationed): RoundPlan {
  const payloads: Params[] = [];
  const places = new Map<string, number>();
  const tasks = planned.tasks.map((task): PlannedTask => {
    const ration = rationFor(task);
    const key = ration.ranks.join(" ");
    const place = places.get(key) ?? payloads.push(partOf(global, ration)) - 1;
    places.set(key, place);
    return taskWith(task, { ration, place, part: payloads[place] });
  });
  return { ...planned, payloads, tasks };
}

/** A train task at a device's own ranks. */
export function ownRanksSpec(spec: TaskSpec & { readonly kind: "train" }, scoresMatrices: boolean): TaskSpec & { readonly kind: "train" } {
  return { ...spec, hasOwnRanks: true, ...(scoresMatrices ? { scoresMatrices } : {}) };
}

interface Part {
  readonly ration: Rationed;
  /** Of the part among the payloads. */
  readonly place: number;
  readonly part: Params;
}

function taskWith(task: PlannedTask, { ration, place, part }: Part): PlannedTask {
  const { plan, batchSize, scoresMatrices } = ration;
  const { spec } = task;
  if (spec.kind !== "train") throw new Error(`device ${task.deviceId}: a ${spec.kind} task has no plan, expected train`);
  return {
    ...task,
    spec: ownRanksSpec(spec, scoresMatrices === true),
    parameterSets: { ...task.parameterSets, global: place },
    expects: { ...task.expects, shapes: shapesOf(part), batchSize },
    ...(plan === undefined ? {} : { plan }),
  };
}

function partOf(global: Params, { pairs, ranks }: Rationed): Params {
  const part: Record<string, Params[string]> = { ...global };
  for (const [j, { a, b }] of pairs.entries()) {
    delete part[a];
    delete part[b];
    if (ranks[j] === 0) continue;
    const cut = componentsOf({ a: global[a], b: global[b] }, 0, Math.min(ranks[j], global[a].shape[0]));
    part[a] = cut.a;
    part[b] = cut.b;
  }
  return part;
}
