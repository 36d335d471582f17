import { allComponents, componentsAt, componentsInto, type LiveComponents, maskOf, placesIn } from "../../lowRank/liveComponents.ts";
import { type Params, shapesOf, type Tensor, zeros } from "../../params.ts";
import type { Contribution, PlannedTask, RoundPlan } from "../../task.ts";
import { averageSent, contributionsOf } from "../averaging.ts";
import { globalModel } from "../globalModel.ts";
import { sentForm } from "../sentForm.ts";
import type { Strategy, StrategyRun } from "../strategy.ts";
import { withPrefix } from "../tensors.ts";
import { pooledShares, withinBudget } from "./allocation.ts";
import { budgetAfter } from "./budget.ts";
import type { FedAraSettings } from "./settings.ts";
import { type FedAraState, matricesOf, numComponents, ranksOf } from "./state.ts";

const base = globalModel<FedAraSettings>({ step: ({ tensors }) => tensors }); // `aggregate` below makes the tensors

/** Devices train and send what is alive; the server averages, and takes the components with the lowest scores out for good. */
export const decisions: Strategy<FedAraState, StrategyRun<FedAraSettings>> = {
  schedule: (run) =>
    base.schedule(run).map((step) => (step.spec.kind === "train" ? { ...step, spec: { ...step.spec, hasOwnRanks: true } as const } : step)),
  globalParams: base.globalParams,
  newcomerParams: base.newcomerParams,
  summary: base.summary,

  init(run, shape, initial) {
    const state = base.init(run, shape, initial);
    const begun: FedAraState = { ...state, values: { ...state.values, live: [] } };
    const ranks = ranksOf(begun);
    return { ...begun, values: { ...begun.values, live: maskOf(allComponents(ranks), ranks) } };
  },

  branch(state, run, round) {
    const branched = base.branch?.(state, run, round) ?? state;
    return { ...branched, values: { ...state.values, ...branched.values } };
  },

  plan(state, roster, random, attempt) {
    const planned = base.plan(state, roster, random, attempt);
    if (!("tasks" in planned)) return planned;
    const { triplets, live } = matricesOf(state);
    const payloads = planned.payloads.map((params) => componentsAt(params, triplets, live));
    return { ...planned, payloads, tasks: planned.tasks.map((task) => livingTask(state, task, payloads)) };
  },

  aggregate(state, plan, contributions) {
    const next = base.aggregate(state, plan, contributions);
    const values = { ...state.values, ...next.values };
    if (state.values.position.kind !== "train") return { ...next, values };
    const sent = averageSent(state.values.run, plan, contributions);
    const { ranks, live } = matricesOf(state);
    const after = budgetDue(state) === null ? live : liveAfter(state, contributions);
    return {
      values: { ...values, live: maskOf(after, ranks) },
      tensors: { ...state.tensors, ...withPrefix("W/", wholeAt(state, sent, after)) },
    };
  },
};

function livingTask(state: FedAraState, task: PlannedTask, payloads: RoundPlan["payloads"]): PlannedTask {
  const { spec } = task;
  if (spec.kind !== "train") return task;
  const scored = budgetDue(state) === null ? {} : ({ scoresComponents: true } as const);
  return {
    ...task,
    spec: { ...spec, hasOwnRanks: true, live: state.values.live, ...scored },
    expects: { ...task.expects, shapes: shapesOf(payloads[task.parameterSets.global]) },
  };
}

/** How many components may be left after the state's round; null where none is to be taken. */
function budgetDue(state: FedAraState): number | null {
  const { run, position } = state.values;
  const { ranks, live } = matricesOf(state);
  const start = ranks.reduce((sum, rank) => sum + rank, 0);
  const target = Math.min(start, run.strategy.targetRank * ranks.length);
  const budget = budgetAfter(position.round, { ...run.strategy, numRounds: run.numRounds, start, target });
  return budget < numComponents(live) ? budget : null;
}

/** What stays alive after a round; all of it where no device says how much its components mattered. */
function liveAfter(state: FedAraState, contributions: readonly Contribution[]): LiveComponents {
  const { triplets, live } = matricesOf(state);
  const claims = contributionsOf(contributions, "train").map(({ numExamples, body }) => ({
    numExamples,
    scores: triplets.flatMap(({ e }, j) => (live[j].length === 0 ? [] : (body.componentScores?.[e] ?? []))),
  }));
  const shares = pooledShares(claims, numComponents(live));
  return shares === null ? live : withinBudget(live, shares, budgetDue(state) ?? numComponents(live));
}

/** W with zeros for what is dead, from the mean of what was alive; in the form in which devices will decode what is left. */
function wholeAt(state: FedAraState, sent: Params, after: LiveComponents): Params {
  const { triplets, ranks, live } = matricesOf(state);
  const isSame = numComponents(after) === numComponents(live);
  const left = isSame ? sent : sentForm(componentsAt(sent, triplets, placesIn(live, after)), state.values.run.paramsEncoding);
  const died = triplets.filter((_, j) => live[j].length > 0 && after[j].length === 0).flatMap(({ p, e, q }) => [p, e, q]);
  const empty = died.map((name): [string, Tensor] => [name, zeros(state.tensors[`W/${name}`].shape)]);
  return { ...componentsInto(left, triplets, after, ranks), ...Object.fromEntries(empty) };
}
