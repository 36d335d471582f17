import type { PerturbSpec, SeedPoolSpec } from "../../forwardWork.ts";
import { createTensor, mapParams, type Params, pickNames } from "../../params.ts";
import type { Random } from "../../random.ts";
import type { Contribution, Device, PlannedTask, RoundPlan, TaskSpec } from "../../task.ts";
import { contributionsOf, exampleWeights } from "../averaging.ts";
import { closingOf, onePerShare, sampleCohort } from "../cohort.ts";
import { expectedDevices, type Position, scheduleOf, startOfRound, summaryOf } from "../course.ts";
import { evaluateSpec, isEvaluationDue, isZeroShotDue, poolEvaluations } from "../evaluations.ts";
import type { Strategy, StrategyRun } from "../strategy.ts";
import { taskFor } from "../tasks.ts";
import { allNames, withPrefix } from "../tensors.ts";
import { accumulatorsDigest, accumulatorTensors, inSteps, onGrid } from "./accumulators.ts";
import { withinOthers } from "./claims.ts";
import { drawPlaces, seedProbabilities } from "./seedPool.ts";
import type { FedKSeedSettings } from "./settings.ts";
import { accumulatorsOf, type FedKSeedState, freshPool, paramsOf, withoutDevice } from "./state.ts";

type Run = StrategyRun<FedKSeedSettings>;

/** A device's scalars, one for each of its steps. */
export const scalars = "scalars";

const firstStep: Position = { stage: "train", round: 1, step: 1, kind: "perturb", isDone: false };

/** Perturbations, an evaluation where one is due, and the next round. */
function nextPosition(position: Position, run: Run): Position {
  if (position.kind === "perturb" && isEvaluationDue(run, position.round)) return { ...position, step: 2, kind: "evaluate" };
  if (position.round >= run.numRounds) return { ...position, isDone: true };
  return { ...firstStep, round: position.round + 1 };
}

/** The decisions of FedKSeed. */
export const decisions: Strategy<FedKSeedState, Run> = {
  schedule: (run) =>
    scheduleOf({
      first: firstStep,
      next: (position) => nextPosition(position, run),
      at: ({ kind }, numEvaluations) => ({
        spec: expectedSpec(run, kind === "evaluate", numEvaluations),
        numDevices: expectedDevices(run, kind === "evaluate" ? "all" : "cohort"),
        isFineTuning: false,
      }),
    }),

  init(run, shape, initial) {
    const { numSeeds, gridBits } = run.strategy;
    const start = mapParams(pickNames(initial, allNames(shape)), (tensor) => ({ ...tensor, data: onGrid(tensor.data, gridBits) }));
    const beginsAtZero = Object.values(start).every(({ data }) => data.every((value) => value === 0));
    return {
      values: { run, shape, position: firstStep, evaluations: [], version: 0, lastVersions: {}, beginsAtZero },
      tensors: { ...withPrefix("initial/", start), ...freshPool(numSeeds) },
    };
  },

  branch({ values, tensors }, run, round) {
    const { numSeeds, gridBits } = values.run.strategy;
    const isSame = run.strategy.numSeeds === numSeeds && run.strategy.gridBits === gridBits && run.seed === values.run.seed;
    if (!isSame)
      throw new Error(
        `seed, strategy.numSeeds and strategy.gridBits are ${run.seed}, ${run.strategy.numSeeds} and ${run.strategy.gridBits}, but what is branched was tuned with ${values.run.seed}, ${numSeeds} and ${gridBits}: leave them as they were`,
      );
    const position: Position = { ...startOfRound(round + 1), kind: "perturb" };
    return { values: { ...values, run, position, evaluations: [], lastVersions: {} }, tensors };
  },

  plan(state, roster, random, attempt) {
    const { run, position } = state.values;
    if (position.isDone) return { done: true };
    const { stage, round, step, kind } = position;
    const situation = { run, roster, random, stage, round, attempt };
    const cohort = kind === "perturb" ? sampleCohort(situation) : onePerShare(situation);
    if ("waiting" in cohort) return cohort;
    const content = contentFor(state, cohort.devices, random, attempt);
    const { deadlineMs, quorum } = run;
    return { stage, round, step, attempt, ...content, deadlineMs, quorum, numDevices: cohort.numDevices, ...closingOf(cohort) };
  },

  aggregate(state, plan, contributions) {
    const { run, position, evaluations } = state.values;
    const values = { ...withVersions(state, contributions), position: nextPosition(position, run) };
    if (position.kind === "perturb") return afterPerturbations({ ...state, values }, plan, contributions);
    const evaluation = poolEvaluations(plan, contributions, false);
    return { ...state, values: { ...values, evaluations: [...evaluations, evaluation] } };
  },

  forget: (state, deviceId) => withoutDevice(state, deviceId),

  globalParams: paramsOf,

  newcomerParams: paramsOf,

  summary({ values }) {
    const { shape } = values;
    const selectedLayers = shape.layerNames.map((_, layer) => layer);
    return summaryOf(values, {
      keepFraction: 1,
      selectedLayers,
      sharedNames: allNames(shape),
      serverLearningRate: null,
    });
  },
};

/** Tasks with their own draws, and the accumulators that changed since each device's last task. */
function contentFor(
  state: FedKSeedState,
  devices: readonly Device[],
  random: Random,
  attempt: number,
): { payloads: Params[]; tasks: PlannedTask[] } {
  const { run, position, lastVersions, evaluations } = state.values;
  const { stage, round, kind } = position;
  const payloads: Params[] = [];
  const sets = new Map<number, Record<string, number>>();
  const poolSince = poolOf(state);
  const setsSince = (version: number): Record<string, number> => {
    const before = sets.get(version);
    if (before !== undefined) return before;
    const made = changesSince(state, version);
    const named = made === null ? {} : { changed: payloads.push(made) - 1 };
    sets.set(version, named);
    return named;
  };
  const beginnings = wholeSets(state, payloads);
  const probabilities = kind === "perturb" ? drawnBy(state) : 0;
  const tasks = devices.map((device) => {
    const last = lastVersions[device.id] ?? null;
    const pool = poolSince(last);
    const draw = () =>
      drawPlaces(random.stream({ stage, round, attempt, device: device.id, purpose: "seeds" }), run.strategy.numSteps, probabilities);
    const spec: TaskSpec = kind === "perturb" ? perturbSpec(run, pool, draw()) : { ...evaluationAt(run, evaluations.length), pool };
    const shared: Params =
      kind === "perturb" ? { [scalars]: createTensor([run.strategy.numSteps], new Float32Array(run.strategy.numSteps)) } : {};
    const parameterSets = { ...beginnings, ...(last === null ? {} : setsSince(last)) };
    return taskFor(device, run, { spec, parameterSets, shared });
  });
  return { payloads, tasks };
}

/** Where a newcomer begins: the parameters, unless all of them begin at 0, and every accumulator that is not 0. */
function wholeSets(state: FedKSeedState, payloads: Params[]): Record<string, number> {
  const { beginsAtZero } = state.values;
  const initial = Object.entries(state.tensors).flatMap(([name, tensor]) =>
    name.startsWith("initial/") ? [[name.slice("initial/".length), tensor] as const] : [],
  );
  const sets = beginsAtZero ? {} : { initial: payloads.push(Object.fromEntries(initial)) - 1 };
  const sums = accumulatorsOf(state);
  const whole = accumulatorTensors(
    sums,
    [...sums.keys()].filter((place) => sums[place] !== 0),
  );
  return whole === null ? sets : { ...sets, accumulators: payloads.push(whole) - 1 };
}

function changesSince(state: FedKSeedState, version: number): Params | null {
  const changed = state.tensors["pool/changed"].data;
  return accumulatorTensors(
    accumulatorsOf(state),
    [...changed.keys()].filter((place) => changed[place] > version),
  );
}

function poolOf(state: FedKSeedState): (changedFrom: number | null) => SeedPoolSpec {
  const { run, version } = state.values;
  const { numSeeds, gridBits } = run.strategy;
  const digest = accumulatorsDigest(accumulatorsOf(state));
  return (changedFrom) => ({ numSeeds, gridBits, version, changedFrom, digest });
}

function perturbSpec({ strategy, training }: Run, pool: SeedPoolSpec, places: readonly number[]): PerturbSpec {
  const { perturbation, maxScalar } = strategy;
  return { kind: "perturb", pool, places, perturbation, learningRate: training.clientLearningRate, maxScalar };
}

/** A task before its round is known. */
function expectedSpec(run: Run, isEvaluation: boolean, numEvaluations: number): TaskSpec {
  const { numSeeds, gridBits, numSteps } = run.strategy;
  const pool = { numSeeds, gridBits, version: 0, changedFrom: null, digest: "0".repeat(16) };
  if (isEvaluation) return { ...evaluationAt(run, numEvaluations), pool };
  return perturbSpec(run, pool, new Array<number>(numSteps).fill(0));
}

function evaluationAt(run: Run, numEvaluations: number): Extract<TaskSpec, { kind: "evaluate" }> {
  const spec = evaluateSpec({ isZeroShotDue: isZeroShotDue(run, numEvaluations), isPersonalised: false });
  if (spec.kind !== "evaluate") throw new Error(`an evaluation is no ${spec.kind} task`);
  return spec;
}

/** What places of the pool are drawn by: how many there are, or the probability of each. */
function drawnBy({ values, tensors }: FedKSeedState): Float64Array | number {
  const { seedProbabilities: rule, numSeeds } = values.run.strategy;
  return rule === "uniform" ? numSeeds : seedProbabilities(tensors["pool/magnitudes"].data, tensors["pool/counts"].data);
}

/** Whoever answered had this version. */
function withVersions({ values }: FedKSeedState, contributions: readonly Contribution[]): FedKSeedState["values"] {
  const { version, lastVersions } = values;
  return { ...values, lastVersions: { ...lastVersions, ...Object.fromEntries(contributions.map(({ deviceId }) => [deviceId, version])) } };
}

/** Each seed moves the parameters by −η times the weighted sum of what devices found along it (FedKSeed, https://arxiv.org/abs/2312.06353). */
function afterPerturbations(state: FedKSeedState, plan: RoundPlan, contributions: readonly Contribution[]): FedKSeedState {
  const { values, tensors } = state;
  const { strategy, training } = values.run;
  const { gridBits, maxScalar, deviceWeights } = strategy;
  const found = contributionsOf(contributions, "perturb");
  const claims = withinOthers(
    found.map(({ body }) => body.delta[scalars].data.map((value) => Math.max(-maxScalar, Math.min(maxScalar, value)))),
  );
  const weights = deviceWeights === "equal" ? found.map(() => 1 / found.length) : exampleWeights(found);
  const [moved, changed, magnitudes, counts] = ["moved", "changed", "magnitudes", "counts"].map((name) =>
    tensors[`pool/${name}`].data.slice(),
  );
  const version = values.version + 1;
  const sums = new Float64Array(strategy.numSeeds);
  found.forEach(({ deviceId }, k) => {
    for (const [step, place] of placesOf(plan, deviceId).entries()) {
      sums[place] += weights[k] * claims[k][step];
      magnitudes[place] += Math.abs(claims[k][step]);
      counts[place] += 1;
    }
  });
  for (const [place, sum] of sums.entries()) {
    if (sum === 0) continue;
    const before = inSteps(moved[place], gridBits);
    moved[place] -= training.clientLearningRate * sum;
    if (inSteps(moved[place], gridBits) !== before) changed[place] = version;
  }
  const pool = Object.entries({ moved, changed, magnitudes, counts }).map(([name, data]) => [
    `pool/${name}`,
    createTensor([data.length], data),
  ]);
  return { values: { ...values, version }, tensors: { ...tensors, ...Object.fromEntries(pool) } };
}

function placesOf({ tasks }: RoundPlan, deviceId: number): readonly number[] {
  const spec = tasks.find((task) => task.deviceId === deviceId)?.spec;
  if (spec?.kind !== "perturb") throw new Error(`device ${deviceId}: was given no seeds in this step`);
  return spec.places;
}
