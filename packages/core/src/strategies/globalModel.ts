import { roundTrip } from "../encoding.ts";
import { type Params, pickNames } from "../params.ts";
import type { RunSettings } from "../run.ts";
import type { Contribution, Device, ParameterSets, PlannedTask, RoundPlan, TaskSpec } from "../task.ts";
import { onePerShare, sampleCohort, wholeRoster } from "./cohort.ts";
import { expectedDevices, firstTrainStep, nextTrainPosition, type Position, scheduleOf } from "./course.ts";
import { evaluateSpec, isZeroShotDue, poolEvaluations } from "./evaluations.ts";
import type { AsJson, Evaluation, Strategy, StrategyState, TunedShape } from "./strategy.ts";
import { taskFor } from "./tasks.ts";
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
    schedule: (run) =>
      scheduleOf({
        first: firstTrainStep,
        next: (position) => nextPosition(position, run),
        at: (position, numEvaluations) => ({
          spec: specAt(position, run, numEvaluations),
          numDevices: expectedDevices(run, isCohortStep(position) ? "cohort" : "all"),
          isFineTuning: isFineTuning(position),
        }),
      }),

    init(run, shape, initial) {
      const sent = roundTrip(pickNames(initial, allNames(shape)), run.paramsEncoding);
      return {
        values: { run, shape, position: firstTrainStep, evaluations: [] },
        tensors: { ...withPrefix("W/", sent), ...rule.start?.(run, sent) },
      };
    },

    plan(state, roster, random, attempt) {
      const { run, position } = state.values;
      if (position.isDone) return { done: true };
      const { stage, round, step, kind } = position;
      const situation = { run, roster, random, stage, round, attempt };
      const isSampled = isCohortStep(position);
      const cohort = isSampled ? sampleCohort(situation) : kind === "evaluate" ? onePerShare(situation) : wholeRoster(situation);
      if ("waiting" in cohort) return cohort;
      return {
        ...{ stage, round, step, attempt },
        ...(isSampled ? trainContent(rule, state, cohort.devices) : ownContent(state, cohort.devices)),
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
  const { run, shape, position, evaluations } = state.values;
  const spec = specAt(position, run, evaluations.length);
  const sent = under(state.tensors, "W/");
  const shared = pickNames(sent, allNames(shape));
  const payloads = [sent];
  const tasks = devices.map((device) => {
    const correction = rule.correction?.(state, device) ?? null;
    const corrected = correction === null ? {} : { correction: payloads.push(correction) - 1 };
    return taskFor(device, run, { spec, parameterSets: { global: 0, ...corrected }, shared });
  });
  return { payloads, tasks };
}

/** Evaluating, and fine-tuning before it, after which W is where a device without parameters of its own starts. */
function ownContent({ values, tensors }: GlobalModelState, devices: readonly Device[]): StepContent {
  const { run, position, evaluations } = values;
  const spec = specAt(position, run, evaluations.length);
  const parameterSets: ParameterSets<number> = isFineTuned(position, run) ? { initial: 0 } : { global: 0 };
  return {
    payloads: [under(tensors, "W/")],
    tasks: devices.map((device) => taskFor(device, run, { spec, parameterSets, shared: {} })),
  };
}

function specAt(position: Position, run: RunSettings, numEvaluations: number): TaskSpec {
  if (position.kind === "evaluate") {
    return evaluateSpec({ isZeroShotDue: isZeroShotDue(run, numEvaluations), isPersonalised: isFineTuned(position, run) });
  }
  const isPersonalised = isFineTuning(position);
  return { kind: "train", warmupSteps: 0, epochs: isPersonalised ? fineTuneEpochs(run) : run.training.localEpochs, isPersonalised };
}

/** Whether a cohort is sampled for it; the others are for everybody. */
function isCohortStep(position: Position): boolean {
  return position.kind === "train" && !isFineTuning(position);
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
