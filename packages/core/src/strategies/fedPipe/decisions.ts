import type { Contribution, Device, RoundPlan } from "../../task.ts";
import { loraPairs } from "../../tunings/loraFactors.ts";
import { contributionsOf } from "../averaging.ts";
import { globalModel } from "../globalModel.ts";
import { mergedStep } from "../mergedStep.ts";
import type { Strategy, StrategyRun } from "../strategy.ts";
import { under } from "../tensors.ts";
import { pooledScores, selectByMass } from "./importance.ts";
import { plansAfter } from "./plan.ts";
import type { NoPlan } from "./planner.ts";
import { planRound } from "./planRound.ts";
import { ownRanksSpec, type Rationed, rationed, rationOf } from "./rations.ts";
import type { FedPipeSettings } from "./settings.ts";
import type { FedPipeState } from "./state.ts";

const base = globalModel<FedPipeSettings>({
  step: (state, plan, contributions) =>
    mergedStep(state, {
      plan,
      contributions,
      termsOf: (trained) => {
        const total = trained.reduce((sum, { numExamples }) => sum + numExamples, 0);
        return trained.map(({ numExamples, a, b }) => ({ weight: numExamples / total, a, b }));
      },
    }),
});

/** A warm-up round, then a plan for each client in each round. */
export const decisions: Strategy<FedPipeState, StrategyRun<FedPipeSettings>> = {
  schedule: (run) =>
    base.schedule(run).map((step) => (step.spec.kind === "train" ? { ...step, spec: ownRanksSpec(step.spec, step.round === 1) } : step)),
  globalParams: base.globalParams,
  newcomerParams: base.newcomerParams,

  init(run, shape, initial) {
    const state = base.init(run, shape, initial);
    return { ...state, values: { ...state.values, matrixScores: null, selected: null, plans: [] } };
  },

  branch(state, run, round) {
    const branched = base.branch?.(state, run, round) ?? state;
    return { ...branched, values: { ...state.values, ...branched.values } };
  },

  plan(state, roster, random, attempt) {
    if (state.values.position.kind !== "train") return base.plan(state, roster, random, attempt);
    if (state.values.selected === null) {
      const planned = base.plan(state, roster, random, attempt);
      return isPlan(planned) ? warmUp(state, planned) : planned;
    }
    const { plans, refusals } = planRound(state, roster);
    const able = roster.map((device): Device => (refusals.has(device.id) ? { ...device, hasLeft: true } : device));
    const planned = base.plan(state, able, random, attempt);
    if ("waiting" in planned && refusals.size > 0) {
      const said = [...refusals].map(([deviceId, { lack }]) => ({ kind: "leftOut" as const, deviceId, lack }));
      return { waiting: [planned.waiting, ...sentences(refusals)].join("; "), said: [...(planned.said ?? []), ...said] };
    }
    if (!isPlan(planned)) return planned;
    const leftOut = [...refusals].map(([deviceId, { refused, lack }]) => ({ deviceId, reason: refused, lack }));
    const whole = rationed(planned, under(state.tensors, "W/"), (task) => rationOf(state, plans.get(task.deviceId)));
    return leftOut.length === 0 ? whole : { ...whole, leftOut };
  },

  aggregate(state, plan, contributions) {
    const next = base.aggregate(state, plan, contributions);
    const values = { ...state.values, ...next.values };
    if (state.values.position.kind !== "train") return { ...next, values };
    const scored = state.values.selected === null ? scoresOf(state, contributions) : {};
    return { ...next, values: { ...values, ...scored, plans: plansAfter(state.values.plans, plan) } };
  },

  forget(state, deviceId) {
    const plans = state.values.plans.filter((plan) => plan.deviceId !== deviceId);
    return plans.length === state.values.plans.length ? state : { ...state, values: { ...state.values, plans } };
  },

  summary(state) {
    return { ...base.summary(state), plans: state.values.plans };
  },
};

function isPlan(planned: ReturnType<typeof base.plan>): planned is RoundPlan {
  return !("waiting" in planned) && !("done" in planned);
}

function sentences(refusals: ReadonlyMap<number, NoPlan>): string[] {
  return [...refusals].map(([id, { refused }]) => `device ${id}: ${refused}`);
}

/** The first round: every matrix at one rank, whatever the machine. */
function warmUp({ values, tensors }: FedPipeState, planned: RoundPlan): RoundPlan {
  const { run, shape } = values;
  const ranks = loraPairs(shape).map(() => run.strategy.warmupRank);
  const ration: Rationed = { pairs: loraPairs(shape), ranks, batchSize: run.training.batchSize, scoresMatrices: true };
  return rationed(planned, under(tensors, "W/"), () => ration);
}

function scoresOf({ values }: FedPipeState, contributions: readonly Contribution[]) {
  const names = loraPairs(values.shape).map(({ b }) => b);
  const devices = contributionsOf(contributions, "train").map(({ numExamples, body }) => ({
    numExamples,
    scores: body.matrixScores ?? {},
  }));
  const matrixScores = pooledScores(devices, names);
  return { matrixScores, selected: selectByMass(matrixScores, values.run.strategy.scoreMass) };
}
