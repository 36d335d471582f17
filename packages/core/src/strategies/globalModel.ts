import { roundTrip } from "../encoding.ts";
import { type Params, pickNames } from "../params.ts";
import type { RunSettings } from "../run.ts";
import type { Contribution, Device, PlannedTask, RoundPlan, TaskSpec } from "../task.ts";
import { onePerShare, sampleCohort, wholeRoster } from "./cohort.ts";
import { nextTrainPosition, type Position } from "./course.ts";
import { evaluateSpec, isZeroShotDue, poolEvaluations } from "./evaluations.ts";
import type { AsJson, Evaluation, Strategy, StrategyState, TunedShape } from "./strategy.ts";
import { allNames, under, withPrefix } from "./tensors.ts";

export type GlobalModelValues = {
  readonly run: AsJson<RunSettings>;
  readonly shape: AsJson<TunedShape>;
  readonly position: Position;
  readonly evaluations: readonly AsJson<Evaluation>[];
};

/** State of a strategy with one global model: W under `W/<name>`, as the devices decode it, beside what the strategy itself keeps. */
export interface GlobalModelState extends StrategyState {
  readonly values: GlobalModelValues;
}

/** What makes one such strategy differ from another. */
export interface GlobalModelRule {
  /** What the server keeps beside W before the first round. */
  start?(run: RunSettings, sent: Params): Params;
  /** What a device gets beside W, as it will decode it; null for nothing. */
  correction?(state: GlobalModelState, device: Device): Params | null;
  /** All tensors after a training round. */
  step(state: GlobalModelState, plan: RoundPlan, contributions: readonly Contribution[]): Params;
  /** The server's rate; null where it has none. */
  serverLearningRate?(run: RunSettings): number;
}

/** What is sent in a step, and to whom of it what. */
interface StepContent {
  readonly payloads: readonly Params[];
  readonly tasks: readonly PlannedTask[];
}

/** A strategy that samples devices, trains them from one W and aggregates what they send; every device evaluates with W. */
export function globalModel(rule: GlobalModelRule): Strategy<GlobalModelState> {
  return {
    init(run, shape, initial) {
      const position: Position = { stage: "train", round: 1, step: 1, kind: "train", isDone: false };
      const sent = roundTrip(pickNames(initial, allNames(shape)), run.paramsEncoding);
      return {
        values: { run, shape, position, evaluations: [] },
        tensors: { ...withPrefix("W/", sent), ...rule.start?.(run, sent) },
      };
    },

    plan(state, roster, random, attempt) {
      const { run, position } = state.values;
      if (position.isDone) return { done: true };
      const { stage, round, step, kind } = position;
      const situation = { run, roster, random, stage, round, attempt };
      const isTraining = kind === "train" && !isFineTuning(position);
      const cohort = isTraining ? sampleCohort(situation) : kind === "evaluate" ? onePerShare(situation) : wholeRoster(situation);
      if ("waiting" in cohort) return cohort;
      const devices = cohort.devices.flatMap((id) => roster.filter((device) => device.id === id));
      return {
        ...{ stage, round, step, attempt },
        ...(isTraining ? trainContent(rule, state, devices) : ownContent(state, devices)),
        deadlineMs: run.deadlineMs,
        quorum: run.quorum,
        numDevices: cohort.numDevices,
      };
    },

    aggregate(state, plan, contributions) {
      const { run, position, evaluations } = state.values;
      const values = { ...state.values, position: nextPosition(position, run) };
      if (isFineTuning(position)) return { values, tensors: state.tensors };
      if (position.kind === "train") return { values, tensors: rule.step(state, plan, contributions) };
      const evaluation = poolEvaluations(plan, contributions, isFineTuned(position, run));
      return { values: { ...values, evaluations: [...evaluations, evaluation] }, tensors: state.tensors };
    },

    globalParams: (state) => under(state.tensors, "W/"),

    newcomerParams: (state) => under(state.tensors, "W/"),

    summary({ values: { run, shape, position, evaluations } }) {
      const { stage, round, step, isDone } = position;
      const layers = shape.layerNames.map((_, layer) => layer);
      const serverLearningRate = rule.serverLearningRate?.(run) ?? null;
      return {
        ...{ stage, round, step, isDone, numRounds: run.numRounds, evaluations },
        ...{ layerScores: null, probes: [], keepFraction: 1, selectedLayers: layers, sharedNames: allNames(shape), serverLearningRate },
      };
    },
  };
}

function trainContent(rule: GlobalModelRule, state: GlobalModelState, devices: readonly Device[]): StepContent {
  const sharedNames = allNames(state.values.shape);
  const spec: TaskSpec = { kind: "train", warmupSteps: 0, sharedNames, isPersonalised: false };
  const payloads = [under(state.tensors, "W/")];
  const tasks = devices.map((device): PlannedTask => {
    const correction = rule.correction?.(state, device) ?? null;
    if (correction === null) return { deviceId: device.id, spec, params: 0 };
    return { deviceId: device.id, spec, params: 0, correction: payloads.push(correction) - 1 };
  });
  return { payloads, tasks };
}

/** Evaluating, and fine-tuning before it, after which W is where a device without parameters of its own starts. */
function ownContent({ values, tensors }: GlobalModelState, devices: readonly Device[]): StepContent {
  const { run, position, evaluations } = values;
  const isPersonalised = isFineTuned(position, run);
  const spec: TaskSpec = isFineTuning(position)
    ? { kind: "train", warmupSteps: 0, sharedNames: [], isPersonalised: true, epochs: fineTuneEpochs(run) }
    : evaluateSpec({ isZeroShotDue: isZeroShotDue(run, evaluations), isPersonalised });
  const sent = under(tensors, "W/");
  return {
    payloads: isPersonalised ? [{}, sent] : [sent],
    tasks: devices.map(({ id }) => ({ deviceId: id, spec, params: 0, ...(isPersonalised ? { initial: 1 } : {}) })),
  };
}

/** The step after `position`; the last round has one more where devices tune W for themselves. */
function nextPosition(position: Position, run: RunSettings): Position {
  if (isFineTuning(position)) return { ...position, step: 3, kind: "evaluate" };
  if (position.kind === "train" && isFineTuned(position, run)) return { ...position, step: 2 };
  return nextTrainPosition(position, run);
}

function isFineTuning({ kind, step }: Position): boolean {
  return kind === "train" && step === 2;
}

/** Whether this round's evaluation is of what the devices made of W for themselves. */
function isFineTuned({ round }: Position, run: RunSettings): boolean {
  return round >= run.numRounds && fineTuneEpochs(run) > 0;
}

/** States of runs that were begun before there was a choice hold none. */
function fineTuneEpochs({ strategy }: RunSettings): number {
  return strategy.name === "fedAvg" ? (strategy.fineTuneEpochs ?? 0) : 0;
}
