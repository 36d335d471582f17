import { roundTrip } from "../encoding.ts";
import { type Params, pickNames } from "../params.ts";
import type { Contribution, Device, ParameterSets, PlannedTask, RoundPlan, TaskSpec } from "../task.ts";
import type { TunedShape } from "../tunings/tuned.ts";
import { carriedTensors } from "./branching.ts";
import { onePerShare, sampleCohort, wholeRoster } from "./cohort.ts";
import {
  expectedDevices,
  firstTrainStep,
  latestTrainRound,
  nextTrainPosition,
  type Position,
  scheduleOf,
  startOfRound,
  summaryOf,
} from "./course.ts";
import { evaluateSpec, isZeroShotDue, poolEvaluations } from "./evaluations.ts";
import { type ServerRateSchedule, serverRateAt } from "./serverRates/table.ts";
import type { AsJson, Evaluation, Strategy, StrategyRun, StrategyState } from "./strategy.ts";
import { taskFor } from "./tasks.ts";
import { allNames, under, withPrefix } from "./tensors.ts";

/** What a strategy with one global model may have among its settings. */
export type GlobalModelSettings = {
  readonly name: string;
  readonly serverRateSchedule?: ServerRateSchedule;
};

/** What such a strategy keeps beside tensors. */
export type GlobalModelValues<Settings extends GlobalModelSettings = GlobalModelSettings> = {
  readonly run: StrategyRun<Settings>;
  readonly shape: AsJson<TunedShape>;
  readonly position: Position;
  readonly evaluations: readonly AsJson<Evaluation>[];
};

/** State of a strategy with one global model: W under `W/<name>`, as the devices decode it, beside what the strategy itself keeps. */
export interface GlobalModelState<Settings extends GlobalModelSettings = GlobalModelSettings> extends StrategyState {
  readonly values: GlobalModelValues<Settings>;
}

/** What makes one such strategy differ from another. */
export interface GlobalModelRule<Settings extends GlobalModelSettings> {
  /** What the server keeps beside W before the first round. */
  start?(settings: Settings, sent: Params): Params;
  /** What a device gets beside W, as it will decode it; null for nothing. */
  correction?(state: GlobalModelState<Settings>, device: Device): Params | null;
  /** All tensors after a training round, with the server's rate of that round. */
  step(state: GlobalModelState<Settings>, plan: RoundPlan, contributions: readonly Contribution[], serverLearningRate: number): Params;
  /** The server's own rate, which a schedule goes on from; null where there is none. */
  serverLearningRate?(settings: Settings): number;
  /** Epochs that every device tunes the last W for itself; 0 where there are none. */
  fineTuneEpochs?(settings: Settings): number;
}

/** What is sent in a step, and to whom of it what. */
interface StepContent {
  readonly payloads: readonly Params[];
  readonly tasks: readonly PlannedTask[];
}

/** A strategy that samples devices, trains them from one W and aggregates what they send; every device evaluates with W. */
export function globalModel<Settings extends GlobalModelSettings>(
  rule: GlobalModelRule<Settings>,
): Strategy<GlobalModelState<Settings>, StrategyRun<Settings>> {
  const situated = (run: StrategyRun<Settings>): Situated => ({ run, fineTuneEpochs: rule.fineTuneEpochs?.(run.strategy) ?? 0 });
  return {
    schedule(run) {
      const place = situated(run);
      return scheduleOf({
        first: firstTrainStep,
        next: (position) => nextPosition(position, place),
        at: (position, numEvaluations) => ({
          spec: specAt(position, place, numEvaluations),
          numDevices: expectedDevices(run, isCohortStep(position) ? "cohort" : "all"),
          isFineTuning: isFineTuning(position),
        }),
      });
    },

    init(run, shape, initial) {
      const sent = roundTrip(pickNames(initial, allNames(shape)), run.paramsEncoding);
      return {
        values: { run, shape, position: firstTrainStep, evaluations: [] },
        tensors: { ...withPrefix("W/", sent), ...rule.start?.(run.strategy, sent) },
      };
    },

    branch({ values, tensors }, run, round) {
      const carried = carriedTensors(tensors, { before: values.run, after: run });
      return { values: { ...values, run, position: startOfRound(round + 1), evaluations: [] }, tensors: carried };
    },

    plan(state, roster, random, attempt) {
      const { run, position, evaluations } = state.values;
      if (position.isDone) return { done: true };
      const { stage, round, step, kind } = position;
      const situation = { run, roster, random, stage, round, attempt };
      const isSampled = isCohortStep(position);
      const cohort = isSampled ? sampleCohort(situation) : kind === "evaluate" ? onePerShare(situation) : wholeRoster(situation);
      if ("waiting" in cohort) return cohort;
      const place = situated(run);
      const spec = specAt(position, place, evaluations.length);
      return {
        stage,
        round,
        step,
        attempt,
        ...(isSampled ? trainContent(rule, state, spec, cohort.devices) : ownContent(state, spec, place, cohort.devices)),
        deadlineMs: run.deadlineMs,
        quorum: run.quorum,
        numDevices: cohort.numDevices,
      };
    },

    aggregate(state, plan, contributions) {
      const { run, position, evaluations } = state.values;
      const place = situated(run);
      const values = { ...state.values, position: nextPosition(position, place) };
      if (isFineTuning(position)) return { values, tensors: state.tensors };
      if (position.kind === "train") return { values, tensors: rule.step(state, plan, contributions, rateAt(rule, run, plan.round) ?? 1) };
      const evaluation = poolEvaluations(plan, contributions, isFineTuned(position, place));
      return { values: { ...values, evaluations: [...evaluations, evaluation] }, tensors: state.tensors };
    },

    globalParams: (state) => under(state.tensors, "W/"),

    newcomerParams: (state) => under(state.tensors, "W/"),

    summary({ values }) {
      const { run, shape, position } = values;
      return summaryOf(values, {
        keepFraction: 1,
        selectedLayers: shape.layerNames.map((_, layer) => layer),
        sharedNames: allNames(shape),
        serverLearningRate: rateAt(rule, run, latestTrainRound(position)),
      });
    },
  };
}

/** A run with what its strategy says of the last round. */
interface Situated {
  readonly run: StrategyRun;
  /** 0 where devices do not tune the last W for themselves. */
  readonly fineTuneEpochs: number;
}

function rateAt<Settings extends GlobalModelSettings>(
  rule: GlobalModelRule<Settings>,
  { strategy, numRounds }: StrategyRun<Settings>,
  round: number,
): number | null {
  const own = rule.serverLearningRate?.(strategy) ?? null;
  return own === null ? null : serverRateAt(own, strategy.serverRateSchedule, { round, numRounds });
}

function trainContent<Settings extends GlobalModelSettings>(
  rule: GlobalModelRule<Settings>,
  state: GlobalModelState<Settings>,
  spec: TaskSpec,
  devices: readonly Device[],
): StepContent {
  const { run, shape } = state.values;
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
function ownContent({ values, tensors }: GlobalModelState, spec: TaskSpec, place: Situated, devices: readonly Device[]): StepContent {
  const { run, position } = values;
  const parameterSets: ParameterSets<number> = isFineTuned(position, place) ? { initial: 0 } : { global: 0 };
  return {
    payloads: [under(tensors, "W/")],
    tasks: devices.map((device) => taskFor(device, run, { spec, parameterSets, shared: {} })),
  };
}

function specAt(position: Position, place: Situated, numEvaluations: number): TaskSpec {
  const { run, fineTuneEpochs } = place;
  if (position.kind === "evaluate") {
    return evaluateSpec({ isZeroShotDue: isZeroShotDue(run, numEvaluations), isPersonalised: isFineTuned(position, place) });
  }
  const isPersonalised = isFineTuning(position);
  return { kind: "train", warmupSteps: 0, epochs: isPersonalised ? fineTuneEpochs : run.training.localEpochs, isPersonalised };
}

/** Whether a cohort is sampled for it; the others are for everybody. */
function isCohortStep(position: Position): boolean {
  return position.kind === "train" && !isFineTuning(position);
}

/** The step after `position`; the last round has one more where devices tune W for themselves. */
function nextPosition(position: Position, place: Situated): Position {
  if (isFineTuning(position)) return { ...position, step: 3, kind: "evaluate" };
  if (position.kind === "train" && isFineTuned(position, place)) return { ...position, step: 2 };
  return nextTrainPosition(position, place.run);
}

function isFineTuning({ kind, step }: Position): boolean {
  return kind === "train" && step === 2;
}

/** Whether this round's evaluation is of what the devices made of W for themselves. */
function isFineTuned({ round }: Position, { run, fineTuneEpochs }: Situated): boolean {
  return round >= run.numRounds && fineTuneEpochs > 0;
}
