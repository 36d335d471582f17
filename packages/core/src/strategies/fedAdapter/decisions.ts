import { omitNames, type Params } from "../../params.ts";
import type { Random } from "../../random.ts";
import type { Contribution, Device, DeviceId, PlannedTask, RoundPlan } from "../../task.ts";
import { loraPairs } from "../../tunings/loraFactors.ts";
import { type ContributionOf, contributionsOf } from "../averaging.ts";
import { ownRanksSpec, rationed } from "../fedPipe/rations.ts";
import { globalModel } from "../globalModel.ts";
import type { Strategy, StrategyRun } from "../strategy.ts";
import { under, withPrefix } from "../tensors.ts";
import { groupStep } from "./groupStep.ts";
import { type Candidate, candidatesFor, chooseSize, isTrialDue, isTrialOver, startSize } from "./growth.ts";
import type { FedAdapterSettings } from "./settings.ts";
import type { Size } from "./size.ts";
import { boundsOf, ranksAt, secondsAt } from "./sizes.ts";
import type { FedAdapterState } from "./state.ts";

const base = globalModel<FedAdapterSettings>({ step: ({ tensors }) => tensors }); // `aggregate` below makes the tensors

/** A few components of the top layers are trained; trials with more of both decide whether it grows. */
export const decisions: Strategy<FedAdapterState, StrategyRun<FedAdapterSettings>> = {
  schedule: (run) =>
    base.schedule(run).map((step) => (step.spec.kind === "train" ? { ...step, spec: ownRanksSpec(step.spec, false) } : step)),
  globalParams: base.globalParams,
  newcomerParams: base.newcomerParams,

  init(run, shape, initial) {
    const state = base.init(run, shape, initial);
    const begun: FedAdapterState = { ...state, values: { ...state.values, sizes: [], candidates: null } };
    const sizes = [{ round: 1, ...startSize(run.strategy, boundsOf(begun)) }];
    return withNextTrial({ ...begun, values: { ...begun.values, sizes } }, 1);
  },

  branch(state, run, round) {
    const branched = base.branch?.(state, run, round) ?? state;
    const whole = { tensors: omitTrials(branched.tensors), values: { ...state.values, ...branched.values } };
    return withNextTrial(whole, round + 1);
  },

  plan(state, roster, random, attempt) {
    const planned = base.plan(state, roster, random, attempt);
    if (!("tasks" in planned) || state.values.position.kind !== "train") return planned;
    const sizes: readonly Size[] = state.values.candidates ?? [presentSize(state)];
    const places = groupsOf(planned, sizes.length, orderOf(state, roster, random));
    const groups = sizes.map((size, place) => {
      const tasks = planned.tasks.filter(({ deviceId }) => places.get(deviceId) === place);
      return ofSize(state, { ...planned, tasks }, size, place);
    });
    // one payload for each size, in their order: it says whose a task is
    const tasks = groups.flatMap((group, place) => group.tasks.map((task) => withPayload(task, place)));
    return { ...planned, payloads: groups.map(({ payload }) => payload), tasks: inOrderOf(planned.tasks, tasks) };
  },

  aggregate(state, plan, contributions) {
    const next = base.aggregate(state, plan, contributions);
    const kept = { ...next, values: { ...state.values, ...next.values } };
    if (state.values.position.kind !== "train") return kept;
    const trained = afterTraining(kept, plan, contributions);
    const { strategy } = state.values.run;
    const isOver = trained.values.candidates !== null && isTrialOver(plan.round, strategy);
    const chosen = isOver ? afterTrial(trained, plan) : trained;
    return chosen.values.candidates === null ? withNextTrial(chosen, plan.round + 1) : chosen;
  },

  summary(state) {
    const { sizes, run } = state.values;
    return { ...base.summary(state), sizes: sizes.filter(({ round }) => round <= run.numRounds) }; // the last trial may end with the run
  },
};

function presentSize({ values }: FedAdapterState): Size {
  const { depth, width } = values.sizes[values.sizes.length - 1];
  return { depth, width };
}

/** The state with the trial that begins in this round, where one does and there is something to grow. */
function withNextTrial(state: FedAdapterState, round: number): FedAdapterState {
  const { run } = state.values;
  const candidates = candidatesFor(presentSize(state), run.strategy, boundsOf(state));
  const isDue = isTrialDue(round, run.strategy, run.numRounds) && candidates.length > 1;
  return { ...state, values: { ...state.values, candidates: isDue ? candidates : null } };
}

/** All devices, in an order that stays for a whole trial, so that devices keep their size where all train in every round. */
function orderOf({ values }: FedAdapterState, roster: readonly Device[], random: Random): Map<DeviceId, number> {
  const { strategy, numRounds } = values.run;
  let start = values.position.round;
  while (start > 1 && !isTrialDue(start, strategy, numRounds)) start -= 1;
  const ids = roster.map(({ id }) => id).sort((a, b) => a - b);
  const order = random.stream({ stage: "train", round: start, purpose: "trialGroups" }).shuffle(ids);
  return new Map(order.map((id, place) => [id, place]));
}

/** The cohort dealt to as many groups by turns. */
function groupsOf({ tasks }: RoundPlan, numGroups: number, order: ReadonlyMap<DeviceId, number>): Map<DeviceId, number> {
  const placeOf = (id: DeviceId) => order.get(id) ?? id;
  const ids = tasks.map(({ deviceId }) => deviceId).sort((a, b) => placeOf(a) - placeOf(b));
  return new Map(ids.map((id, turn) => [id, turn % numGroups]));
}

/** What the devices of one size train, and their tasks. */
function ofSize(state: FedAdapterState, planned: RoundPlan, size: Size, place: number): { payload: Params; tasks: readonly PlannedTask[] } {
  const { run, shape } = state.values;
  const ration = { pairs: loraPairs(shape), ranks: ranksAt(state, size), batchSize: run.training.batchSize };
  const [first] = planned.tasks;
  const { payloads, tasks } = rationed(planned, paramsAt(state, place), () => ration);
  return { payload: first === undefined ? paramsAt(state, place) : payloads[0], tasks };
}

function withPayload(task: PlannedTask, place: number): PlannedTask {
  return { ...task, parameterSets: { ...task.parameterSets, global: place } };
}

function inOrderOf(planned: readonly PlannedTask[], tasks: readonly PlannedTask[]): PlannedTask[] {
  const places = new Map(planned.map(({ deviceId }, place) => [deviceId, place]));
  return [...tasks].sort((x, y) => (places.get(x.deviceId) ?? 0) - (places.get(y.deviceId) ?? 0));
}

/** The parameters of a trial's size by its place: before its first round those of the present one, whose new components change nothing. */
function paramsAt({ tensors }: FedAdapterState, place: number): Params {
  const own = place === 0 ? {} : under(tensors, trialPrefix(place));
  return { ...under(tensors, "W/"), ...own };
}

function trialPrefix(place: number): string {
  return `trial/${place}/`;
}

function omitTrials(tensors: Params): Params {
  return omitNames(
    tensors,
    Object.keys(tensors).filter((name) => name.startsWith("trial/")),
  );
}

/** Each size's parameters after a round, and what its devices said of their losses. */
function afterTraining(state: FedAdapterState, plan: RoundPlan, contributions: readonly Contribution[]): FedAdapterState {
  const trained = contributionsOf(contributions, "train");
  const placeOf = new Map(plan.tasks.map(({ deviceId, parameterSets }) => [deviceId, parameterSets.global]));
  const groups = (state.values.candidates ?? [null]).map((_, place) => trained.filter(({ deviceId }) => placeOf.get(deviceId) === place));
  const stepped = groups.map((group, place) => {
    const prefix = place === 0 ? "W/" : trialPrefix(place);
    return withPrefix(prefix, groupStep(state, paramsAt(state, place), group));
  });
  const candidates = state.values.candidates?.map((one, place) => withLosses(one, groups[place])) ?? null;
  return { tensors: Object.assign({}, state.tensors, ...stepped) as Params, values: { ...state.values, candidates } };
}

function withLosses(candidate: Candidate, group: readonly ContributionOf<"train">[]): Candidate {
  if (group.length === 0) return candidate;
  const total = group.reduce((sum, { numExamples }) => sum + numExamples, 0);
  const mean = (of: (body: ContributionOf<"train">["body"]) => number) =>
    group.reduce((sum, { body, numExamples }) => sum + (numExamples / total) * of(body), 0);
  return { ...candidate, firstLoss: candidate.firstLoss ?? mean(({ firstLoss }) => firstLoss), lastLoss: mean(({ lastLoss }) => lastLoss) };
}

/** The best size's parameters are everybody's from now on; those of the others are dropped. */
function afterTrial(state: FedAdapterState, { round, tasks }: RoundPlan): FedAdapterState {
  const candidates = state.values.candidates ?? [];
  const numExamples = tasks.reduce((sum, { expects }) => sum + expects.numExamples, 0) / tasks.length;
  const best = chooseSize(candidates, (size) => secondsAt(state, size, numExamples));
  const { depth, width } = candidates[best];
  const { sizes } = state.values;
  const grown = best === 0 ? sizes : [...sizes, { round: round + 1, depth, width }];
  return {
    tensors: { ...omitTrials(state.tensors), ...withPrefix("W/", paramsAt(state, best)) },
    values: { ...state.values, sizes: grown, candidates: null },
  };
}
