import { roundTrip } from "../encoding.ts";
import { pickNames } from "../params.ts";
import type { RunSettings } from "../run.ts";
import { averageSent } from "./averaging.ts";
import { type Situation, sampleCohort, wholeRoster } from "./cohort.ts";
import { nextTrainPosition, type Position } from "./course.ts";
import { evaluateSpec, poolEvaluations } from "./evaluations.ts";
import type { AsJson, Evaluation, Strategy, StrategyState, TunedShape } from "./strategy.ts";
import { allNames, under, withPrefix } from "./tensors.ts";

type FedAvgValues = {
  readonly run: AsJson<RunSettings>;
  readonly shape: AsJson<TunedShape>;
  readonly position: Position;
  readonly evaluations: readonly AsJson<Evaluation>[];
};

/** State of `fedAvg`: W under `W/<name>`, as the devices decode it. */
export interface FedAvgState extends StrategyState {
  readonly values: FedAvgValues;
}

/** Federated averaging (McMahan et al., 2017) of every trained parameter; with prefixes, P-tuning v2 in the comparison of fedpeptao.md §7. */
export const fedAvg: Strategy<FedAvgState> = {
  init(run, shape, initial) {
    const position: Position = { stage: "train", round: 1, step: 1, kind: "train", isDone: false };
    const sent = roundTrip(pickNames(initial, allNames(shape)), run.paramsEncoding);
    return { values: { run, shape, position, evaluations: [] }, tensors: withPrefix("W/", sent) };
  },

  plan(state, roster, random, attempt) {
    const { run, shape, position, evaluations } = state.values;
    if (position.isDone) return { done: true };
    const { stage, round, step, kind } = position;
    const situation: Situation = { run, roster, random, stage, round, attempt };
    const isTraining = kind === "train";
    const cohort = isTraining ? sampleCohort(situation) : wholeRoster(situation);
    if ("waiting" in cohort) return cohort;
    const spec = isTraining
      ? ({ kind: "train", warmupSteps: 0, sharedNames: allNames(shape), isPersonalised: false } as const)
      : evaluateSpec(evaluations.length === 0, false);
    return {
      stage,
      round,
      step,
      attempt,
      payloads: [under(state.tensors, "W/")],
      tasks: cohort.devices.map((deviceId) => ({ deviceId, spec, params: 0 })),
      deadlineMs: run.deadlineMs,
      quorum: run.quorum,
      numDevices: cohort.numDevices,
    };
  },

  aggregate(state, plan, contributions) {
    const { run, position } = state.values;
    const values = { ...state.values, position: nextTrainPosition(position, run) };
    if (position.kind === "train") return { values, tensors: withPrefix("W/", averageSent(run, plan, contributions)) };
    const evaluation = poolEvaluations(plan, contributions, false);
    return { values: { ...values, evaluations: [...values.evaluations, evaluation] }, tensors: state.tensors };
  },

  globalParams: (state) => under(state.tensors, "W/"),

  newcomerParams: (state) => under(state.tensors, "W/"),

  summary({ values: { run, shape, position, evaluations } }) {
    const { stage, round, step, isDone } = position;
    const layers = shape.layerNames.map((_, layer) => layer);
    return {
      ...{ stage, round, step, isDone, numRounds: run.numRounds, evaluations },
      ...{ layerScores: null, probes: [], keepFraction: 1, selectedLayers: layers, sharedNames: allNames(shape), serverLearningRate: null },
    };
  },
};
