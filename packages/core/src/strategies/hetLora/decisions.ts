import type { Contribution, Device, DeviceId, RoundPlan, TaskSpec } from "../../task.ts";
import { loraPairs } from "../../tunings/loraFactors.ts";
import { contributionsOf } from "../averaging.ts";
import { ownRanksSpec, rationed } from "../fedPipe/rations.ts";
import { globalModel } from "../globalModel.ts";
import { factorsAfter } from "../mergedStep.ts";
import type { Strategy, StrategyRun } from "../strategy.ts";
import { under } from "../tensors.ts";
import { paddedStep } from "./paddedStep.ts";
import { prunedRank, tailNorm } from "./pruning.ts";
import { firstRankOf, type HetLoraSettings } from "./settings.ts";
import type { HetLoraState } from "./state.ts";

type TrainSpec = TaskSpec & { readonly kind: "train" };

const base = globalModel<HetLoraSettings>({ step: (state, _, contributions) => paddedStep(state, contributions) });

/** Each device trains and sends the leading components that its rank has room for. */
export const decisions: Strategy<HetLoraState, StrategyRun<HetLoraSettings>> = {
  schedule: (run) =>
    base.schedule(run).map((step) => (step.spec.kind === "train" ? { ...step, spec: trainSpec(step.spec, run.strategy) } : step)),
  globalParams: base.globalParams,
  newcomerParams: base.newcomerParams,
  summary: base.summary,

  init(run, shape, initial) {
    const state = base.init(run, shape, initial);
    return { ...state, values: { ...state.values, pruned: [] } };
  },

  branch(state, run, round) {
    const branched = base.branch?.(state, run, round) ?? state;
    return { ...branched, values: { ...state.values, ...branched.values } };
  },

  plan(state, roster, random, attempt) {
    const planned = base.plan(state, roster, random, attempt);
    if (!("tasks" in planned) || state.values.position.kind !== "train") return planned;
    const { run, shape } = state.values;
    const pairs = loraPairs(shape);
    const byId = new Map(roster.map((device) => [device.id, device]));
    const sent = rationed(planned, under(state.tensors, "W/"), ({ deviceId }) => {
      const rank = rankNow(state, byId.get(deviceId) ?? { id: deviceId });
      return { pairs, ranks: pairs.map(() => rank), batchSize: run.training.batchSize };
    });
    return {
      ...sent,
      tasks: sent.tasks.map((task) => (task.spec.kind === "train" ? { ...task, spec: trainSpec(task.spec, run.strategy) } : task)),
    };
  },

  aggregate(state, plan, contributions) {
    const next = base.aggregate(state, plan, contributions);
    const pruned = state.values.position.kind === "train" ? afterPruning(state, plan, contributions) : state.values.pruned;
    return { ...next, values: { ...next.values, pruned } };
  },

  forget(state, deviceId) {
    const pruned = state.values.pruned.filter((one) => one.deviceId !== deviceId);
    return pruned.length === state.values.pruned.length ? state : { ...state, values: { ...state.values, pruned } };
  },
};

/** A device trains at its own rank; where ranks are pruned, its last components are to fade. */
function trainSpec(spec: TrainSpec, { pruneTo, penalty }: HetLoraSettings): TrainSpec {
  return { ...ownRanksSpec(spec, false), ...(pruneTo < 1 && penalty > 0 ? { fades: { pruneTo, penalty } } : {}) };
}

function rankNow({ values }: HetLoraState, device: Pick<Device, "id" | "machine">): number {
  const lost = values.pruned.find(({ deviceId }) => deviceId === device.id);
  return Math.min(lost?.rank ?? Number.POSITIVE_INFINITY, firstRankOf(values.run.strategy, device));
}

/** The ranks of devices that have lost components: a device loses those whose norm fell while it trained. */
function afterPruning({ values, tensors }: HetLoraState, { tasks }: RoundPlan, contributions: readonly Contribution[]) {
  const { run, shape, pruned } = values;
  const { pruneTo } = run.strategy;
  if (pruneTo >= 1) return pruned;
  const pairs = loraPairs(shape);
  const before = under(tensors, "W/");
  const lost = contributionsOf(contributions, "train").flatMap(({ deviceId, body }) => {
    const rank = rankIn(tasks, deviceId, pairs);
    const kept = prunedRank(rank, pruneTo);
    if (kept === rank) return [];
    const [norm, start] = [factorsAfter(before, body.delta, pairs), before].map((params) => tailNorm(params, pairs, { kept, rank }));
    return norm < start ? [{ deviceId, rank: kept }] : [];
  });
  const others = pruned.filter(({ deviceId }) => !lost.some((one) => one.deviceId === deviceId));
  return [...others, ...lost].sort((x, y) => x.deviceId - y.deviceId);
}

/** The largest rank that a device was asked to train. */
function rankIn(tasks: RoundPlan["tasks"], device: DeviceId, pairs: ReturnType<typeof loraPairs>): number {
  const shapes = tasks.find(({ deviceId }) => deviceId === device)?.expects.shapes ?? {};
  return Math.max(1, ...pairs.map(({ a }) => (Object.hasOwn(shapes, a) ? shapes[a][0] : 0)));
}
