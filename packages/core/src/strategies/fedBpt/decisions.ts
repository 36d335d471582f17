import { startSearch } from "../../cmaEs/search.ts";
import { searchDigest, searchTensors } from "../../cmaEs/searchTensors.ts";
import { roundTrip } from "../../encoding.ts";
import type { SearchSpec } from "../../forwardWork.ts";
import { createTensor, numValues, type Params } from "../../params.ts";
import type { Contribution, Device, PlannedTask, TaskSpec } from "../../task.ts";
import { contributionsOf } from "../averaging.ts";
import { closingOf, onePerShare, sampleCohort } from "../cohort.ts";
import { expectedDevices, type Position, scheduleOf, startOfRound, summaryOf } from "../course.ts";
import { evaluateSpec, isEvaluationDue, isZeroShotDue, poolEvaluations } from "../evaluations.ts";
import { sentForm } from "../sentForm.ts";
import type { Strategy, StrategyRun } from "../strategy.ts";
import { taskFor } from "../tasks.ts";
import { under, withPrefix } from "../tensors.ts";
import type { FedBptSettings } from "./settings.ts";
import { type FedBptState, roundsSince, searched, searchIn, storedSearch, withoutDevice, withRound } from "./state.ts";
import { afterRound, withinOthers } from "./toldRound.ts";

type Run = StrategyRun<FedBptSettings>;

const firstStep: Position = { stage: "train", round: 1, step: 1, kind: "search", isDone: false };

/** Search, an evaluation where one is due, and the next round. */
function nextPosition(position: Position, run: Run): Position {
  if (position.kind === "search" && isEvaluationDue(run, position.round)) return { ...position, step: 2, kind: "evaluate" };
  if (position.round >= run.numRounds) return { ...position, isDone: true };
  return { ...firstStep, round: position.round + 1 };
}

/** The decisions of FedBPT. */
export const decisions: Strategy<FedBptState, Run> = {
  schedule: (run) =>
    scheduleOf({
      first: firstStep,
      next: (position) => nextPosition(position, run),
      at: ({ kind }, numEvaluations) => ({
        spec: kind === "evaluate" ? evaluationAt(run, numEvaluations) : expectedSpec(run.strategy),
        numDevices: expectedDevices(run, kind === "evaluate" ? "all" : "cohort"),
        isFineTuning: false,
      }),
    }),

  init(run, shape, initial) {
    const start = roundTrip({ [searched]: initial[searched] }, run.paramsEncoding)[searched].data;
    const { covariance, initialStepSize } = run.strategy;
    const search = { ...startSearch(start.length, covariance, initialStepSize), mean: Float64Array.from(start) };
    const common = { run, shape, position: firstStep, evaluations: [], size: start.length };
    return {
      values: { ...common, beginsAtZero: start.every((value) => value === 0), lastRounds: {}, kept: [] },
      tensors: { ...storedSearch(search), ...sentMean(search, run) },
    };
  },

  branch({ values, tensors }, run, round) {
    const position: Position = { ...startOfRound(round + 1), kind: "search" };
    const search = withPrefix("search/", under(tensors, "search/"));
    const common = { ...values, run, position, evaluations: [], beginsAtZero: false, lastRounds: {}, kept: [] };
    return { values: common, tensors: { ...search, ...sentMean(searchIn({ values, tensors }), run) } };
  },

  plan(state, roster, random, attempt) {
    const { run, position } = state.values;
    if (position.isDone) return { done: true };
    const { stage, round, step, kind } = position;
    const situation = { run, roster, random, stage, round, attempt };
    const cohort = kind === "search" ? sampleCohort(situation) : onePerShare(situation);
    if ("waiting" in cohort) return cohort;
    const content = kind === "search" ? searchContent(state, cohort.devices) : evaluateContent(state, cohort.devices);
    const { deadlineMs, quorum } = run;
    return { stage, round, step, attempt, ...content, deadlineMs, quorum, numDevices: cohort.numDevices, ...closingOf(cohort) };
  },

  aggregate(state, plan, contributions) {
    const { run, position, evaluations } = state.values;
    const next = nextPosition(position, run);
    if (position.kind === "search") return afterSearch(state, contributions, next);
    const evaluation = poolEvaluations(plan, contributions, false);
    return { ...state, values: { ...state.values, position: next, evaluations: [...evaluations, evaluation] } };
  },

  forget: (state, deviceId) => withoutDevice(state, deviceId),

  globalParams: ({ tensors }) => under(tensors, "W/"),

  newcomerParams: ({ tensors }) => under(tensors, "W/"),

  summary: ({ values }) => summaryOf(values, { keepFraction: 1, selectedLayers: [], sharedNames: [searched], serverLearningRate: null }),
};

/** The mean as the devices will decode it, which is what an evaluation looks at. */
function sentMean({ mean }: { readonly mean: Float64Array }, { paramsEncoding }: Run): Params {
  const z = createTensor([mean.length], Float32Array.from(mean));
  return withPrefix("W/", sentForm({ [searched]: z }, paramsEncoding));
}

function evaluationAt(run: Run, numEvaluations: number): TaskSpec {
  return evaluateSpec({ isZeroShotDue: isZeroShotDue(run, numEvaluations), isPersonalised: false });
}

function evaluateContent({ values, tensors }: FedBptState, devices: readonly Device[]) {
  const spec = evaluationAt(values.run, values.evaluations.length);
  const tasks = devices.map((device) => taskFor(device, values.run, { spec, parameterSets: { global: 0 }, shared: {} }));
  return { payloads: [under(tensors, "W/")], tasks };
}

function commonSpec({
  populationSize,
  numIterations,
  initialStepSize,
  covariance,
  stepSizeRule,
  corruptFraction,
  maxExamples,
}: FedBptSettings) {
  return {
    kind: "search",
    populationSize,
    numIterations,
    initialStepSize,
    covariance,
    stepSizeRule,
    corruptFraction,
    maxExamples,
  } as const;
}

/** A search task before its round is known. */
function expectedSpec(settings: FedBptSettings): SearchSpec {
  return { ...commonSpec(settings), stepSize: settings.initialStepSize, beginsAtZero: true, toldFrom: null, digest: "0".repeat(16) };
}

/**
 * Each device's task: the whole search as the set `search`, unless everybody can make it up, and the rounds since the device's last one as `told` where these are
 * smaller. A device downloads what it needs of both.
 */
function searchContent(state: FedBptState, devices: readonly Device[]): { payloads: Params[]; tasks: PlannedTask[] } {
  const { run, position, beginsAtZero, lastRounds } = state.values;
  const search = searchIn(state);
  const base = { ...commonSpec(run.strategy), stepSize: search.stepSize, beginsAtZero, digest: searchDigest(search) };
  const whole = searchTensors(search);
  const payloads: Params[] = [];
  const sets: Record<string, number> = position.round === 1 && beginsAtZero ? {} : { search: payloads.push(whole) - 1 };
  const told = new Map<number, number | null>();
  const toldSince = (first: number): number | null => {
    const known = told.get(first);
    if (known !== undefined) return known;
    const rounds = roundsSince(state, first);
    const index = rounds === null || numValues(rounds) >= numValues(whole) ? null : payloads.push(rounds) - 1;
    told.set(first, index);
    return index;
  };
  const shared: Params = { [searched]: createTensor([search.mean.length], Float32Array.from(search.mean)) };
  const tasks = devices.map((device) => {
    const first = lastRounds[device.id] ?? 1;
    const index = toldSince(first);
    const spec: SearchSpec = { ...base, toldFrom: index === null ? null : first };
    return taskFor(device, run, { spec, parameterSets: index === null ? sets : { ...sets, told: index }, shared });
  });
  return { payloads, tasks };
}

/** The search that was told the devices' means, as far as each claim counts. */
function afterSearch(state: FedBptState, contributions: readonly Contribution[], position: Position): FedBptState {
  const { values } = state;
  const { run, position: before } = values;
  const found = contributionsOf(contributions, "search");
  const search = searchIn(state);
  const round = withinOthers(search, {
    displacements: found.map(({ body }) => body.delta[searched].data),
    fitness: found.map(({ body }) => Math.fround(body.fitness)),
    stepSizes: found.map(({ body }) => Math.fround(body.stepSize)),
  });
  const next = afterRound(search, round, run.strategy);
  const deviceIds = found.map(({ deviceId }) => deviceId);
  const { kept, tensors } = withRound(state, round, { round: before.round, deviceIds });
  const lastRounds = { ...values.lastRounds, ...Object.fromEntries(deviceIds.map((id) => [id, before.round])) };
  return {
    values: { ...values, position, lastRounds, kept },
    tensors: { ...storedSearch(next), ...tensors, ...sentMean(next, run) },
  };
}
