import { roundTrip } from "../encoding.ts";
import { trainedFor } from "../localSteps.ts";
import { frozenSetName } from "../parameterSets.ts";
import { omitNames, type Params, pickNames } from "../params.ts";
import { residualOf } from "../residualParams.ts";
import type { Contribution, Device, ParameterSets, PlannedTask, RoundPlan, TaskSpec } from "../task.ts";
import type { TunedShape } from "../tunings/tuned.ts";
import { carriedTensors } from "./branching.ts";
import { closingOf, onePerShare, sampleCohort, wholeRoster } from "./cohort.ts";
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
import { type ChangeScale, countSlopes } from "./forwardTier/estimate.ts";
import type { WithForwardTier } from "./forwardTier/settings.ts";
import { type MeasuringStep, measuringTask } from "./forwardTier/tasks.ts";
import { type ServerRateSchedule, serverRateAt } from "./serverRates/table.ts";
import type { AsJson, Evaluation, Strategy, StrategyRun, StrategyState } from "./strategy.ts";
import { taskFor } from "./tasks.ts";
import { allNames, under, withPrefix } from "./tensors.ts";

/** What a strategy with one global model may have among its settings. */
export type GlobalModelSettings = WithForwardTier & {
  readonly name: string;
  readonly serverRateSchedule?: ServerRateSchedule;
};

/** What such a strategy keeps beside tensors. */
export type GlobalModelValues<Settings extends GlobalModelSettings = GlobalModelSettings> = {
  readonly run: StrategyRun<Settings>;
  readonly shape: AsJson<TunedShape>;
  readonly position: Position;
  readonly evaluations: readonly AsJson<Evaluation>[];
  /** What gradient devices' changes were like in the last round that had some; absent before it, and in runs without `forwardTier`. */
  readonly changeScale?: ChangeScale;
};

/**
 * State of a strategy with one global model: W under `W/<name>`, as the devices decode it, where a device's own parameters start under
 * `initial/<name>`, and what the strategy itself keeps.
 */
export interface GlobalModelState<Settings extends GlobalModelSettings = GlobalModelSettings> extends StrategyState {
  readonly values: GlobalModelValues<Settings>;
}

/** What makes one such strategy differ from another. */
export interface GlobalModelRule<Settings extends GlobalModelSettings> {
  /** What the server keeps beside W before the first round. */
  start?(settings: Settings, sent: Params): Params;
  /** Names of W that devices use in this round and do not train; none by default. */
  frozenNames?(shape: TunedShape, round: number, settings: Settings): readonly string[];
  /** The part, numbered from 0, that a frozen name travels in: a set `frozen/<part>` each, which a client fetches when it lacks it. One set for all by default. */
  frozenPart?(name: string): number;
  /** Names that every device trains for itself and keeps; none by default. They are not part of W: `initial/<name>` is where a device starts. */
  ownNames?(shape: TunedShape): readonly string[];
  /** What each device gets of W, as it will decode it; all get the same by default. Devices that get the same object share its bytes. */
  sentTo?(state: GlobalModelState<Settings>, sent: Params): (device: Device) => Params;
  /** Whether each device gets W, and sends it back, at LoRA's ranks of its own, as `sentTo` cuts it. */
  readonly hasOwnRanks?: boolean;
  /** Where each device starts that tunes the last W for itself, and what it is then evaluated with before it has its own; W by default. */
  startsAt?(state: GlobalModelState<Settings>, sent: Params): (device: Device) => Params;
  /** Frozen parameters that all devices use beside W in every step, by the name of their set; none by default. */
  sentBeside?(state: GlobalModelState): readonly (readonly [string, Params])[];
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

/**
 * A strategy that samples devices, trains them from one W and aggregates what they send; every device evaluates with W, and with what it keeps for
 * itself where the strategy says so.
 */
export function globalModel<Settings extends GlobalModelSettings>(
  rule: GlobalModelRule<Settings>,
): Strategy<GlobalModelState<Settings>, StrategyRun<Settings>> {
  const situated = (run: StrategyRun<Settings>): Situated => situatedOf(rule, run);
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
      const decoded = roundTrip(pickNames(initial, allNames(shape)), run.paramsEncoding);
      const own = rule.ownNames?.(shape) ?? [];
      const sent = omitNames(decoded, own);
      return {
        values: { run, shape, position: firstTrainStep, evaluations: [] },
        tensors: { ...withPrefix("W/", sent), ...withPrefix("initial/", pickNames(decoded, own)), ...rule.start?.(run.strategy, sent) },
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
        ...(isSampled
          ? trainContent(rule, state, spec, { devices: cohort.devices, random, stage, round, attempt })
          : ownContent(rule, state, spec, cohort.devices)),
        deadlineMs: run.deadlineMs,
        quorum: run.quorum,
        numDevices: cohort.numDevices,
        ...closingOf(cohort),
      };
    },

    aggregate(state, plan, contributions) {
      const { run, position, evaluations } = state.values;
      const place = situated(run);
      const values = { ...state.values, position: nextPosition(position, place) };
      if (isFineTuning(position)) return { values, tensors: state.tensors };
      if (position.kind === "train") {
        const { contributions: counted, ...scaled } = countedIn(state, plan, contributions);
        return { values: { ...values, ...scaled }, tensors: rule.step(state, plan, counted, rateAt(rule, run, plan.round) ?? 1) };
      }
      const evaluation = poolEvaluations(plan, contributions, isPersonalised(position, place));
      return { values: { ...values, evaluations: [...evaluations, evaluation] }, tensors: state.tensors };
    },

    globalParams: (state) => under(state.tensors, "W/"),

    newcomerParams: (state) => ({
      ...under(state.tensors, "W/"),
      ...under(state.tensors, "initial/"),
      ...residualOf(Object.fromEntries(rule.sentBeside?.(state) ?? [])),
    }),

    summary({ values }) {
      const { run, shape, position } = values;
      return summaryOf(values, {
        keepFraction: 1,
        selectedLayers: shape.layerNames.map((_, layer) => layer),
        sharedNames: travellingNames(rule, values, latestTrainRound(position)),
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
  /** Whether devices train parameters that never travel. */
  readonly keepsOwn: boolean;
  /** Whether devices train at ranks of their own. */
  readonly hasOwnRanks: boolean;
}

function situatedOf<Settings extends GlobalModelSettings>(rule: GlobalModelRule<Settings>, run: StrategyRun<Settings>): Situated {
  return {
    run,
    fineTuneEpochs: rule.fineTuneEpochs?.(run.strategy) ?? 0,
    keepsOwn: rule.ownNames !== undefined,
    hasOwnRanks: rule.hasOwnRanks === true,
  };
}

/** Names of which changes travel to the server. */
function travellingNames<Settings extends GlobalModelSettings>(
  rule: GlobalModelRule<Settings>,
  { run, shape }: Pick<GlobalModelValues<Settings>, "run" | "shape">,
  round: number,
): string[] {
  const kept = new Set([...(rule.frozenNames?.(shape, round, run.strategy) ?? []), ...(rule.ownNames?.(shape) ?? [])]);
  return allNames(shape).filter((name) => !kept.has(name));
}

function rateAt<Settings extends GlobalModelSettings>(
  rule: GlobalModelRule<Settings>,
  { strategy, numRounds }: StrategyRun<Settings>,
  round: number,
): number | null {
  const own = rule.serverLearningRate?.(strategy) ?? null;
  return own === null ? null : serverRateAt(own, strategy.serverRateSchedule, { round, numRounds });
}

/** Parameter sets that all devices of a step get, and their payloads. */
interface SentSets {
  readonly payloads: Params[];
  readonly parameterSets: ParameterSets<number>;
}

/** What is sent of the state in this round: W without what is frozen as `global`, then what is frozen, and where own parameters start. */
function setsOf<Settings extends GlobalModelSettings>(
  rule: GlobalModelRule<Settings>,
  { values, tensors }: GlobalModelState<Settings>,
): SentSets {
  const sent = under(tensors, "W/");
  const frozen = rule.frozenNames?.(values.shape, values.position.round, values.run.strategy) ?? [];
  const initial = under(tensors, "initial/");
  const sets: [string, Params][] = [["global", frozen.length === 0 ? sent : omitNames(sent, frozen)]];
  sets.push(...frozenSets(pickNames(sent, frozen), rule.frozenPart));
  if (Object.keys(initial).length > 0) sets.push(["initial", initial]);
  return numbered([...sets, ...(rule.sentBeside?.({ values, tensors }) ?? [])]);
}

/** What is frozen as one set, or a part each. A part's values change only when devices trained it, and with them the blob that clients keep. */
function frozenSets(frozen: Params, partOf: ((name: string) => number) | undefined): [string, Params][] {
  const names = Object.keys(frozen);
  if (partOf === undefined) return names.length === 0 ? [] : [["frozen", frozen]];
  const parts = [...new Set(names.map(partOf))].sort((one, other) => one - other);
  return parts.map((part) => [
    frozenSetName(part),
    pickNames(
      frozen,
      names.filter((name) => partOf(name) === part),
    ),
  ]);
}

/** What counts of a round, with what it says of gradient devices' changes where measured slopes are turned into some. */
function countedIn<Settings extends GlobalModelSettings>(
  { values }: GlobalModelState<Settings>,
  plan: RoundPlan,
  contributions: readonly Contribution[],
): { readonly contributions: readonly Contribution[]; readonly changeScale?: ChangeScale } {
  if (values.run.strategy.forwardTier === undefined) return { contributions };
  const { scale, contributions: counted } = countSlopes(plan, contributions, values.changeScale);
  return { contributions: counted, ...(scale === undefined ? {} : { changeScale: scale }) };
}

function numbered(sets: readonly (readonly [string, Params])[]): SentSets {
  return {
    payloads: sets.map(([, params]) => params),
    parameterSets: Object.fromEntries(sets.map(([name], index) => [name, index])),
  };
}

function trainContent<Settings extends GlobalModelSettings>(
  rule: GlobalModelRule<Settings>,
  state: GlobalModelState<Settings>,
  spec: TaskSpec,
  { devices, ...step }: MeasuringStep & { readonly devices: readonly Device[] },
): StepContent {
  const { run, position } = state.values;
  const { forwardTier } = run.strategy;
  const { payloads, parameterSets } = setsOf(rule, state);
  const [sent] = payloads;
  const names = travellingNames(rule, state.values, position.round);
  const sentTo = rule.sentTo?.(state, sent);
  const tasks = devices.map((device) => {
    const global = sentTo === undefined ? 0 : indexOf(payloads, sentTo(device));
    const shared = pickNames(payloads[global], names);
    const correction = rule.correction?.(state, device) ?? null;
    const corrected = correction === null ? {} : { correction: payloads.push(correction) - 1 };
    const task = taskFor(device, run, { spec, parameterSets: { ...parameterSets, global, ...corrected }, shared });
    return forwardTier === undefined ? task : measuringTask(task, device, forwardTier, step);
  });
  return { payloads, tasks };
}

/** The payload's place, which it gets where it has none. */
function indexOf(payloads: Params[], params: Params): number {
  const found = payloads.indexOf(params);
  return found === -1 ? payloads.push(params) - 1 : found;
}

/** Evaluating, and fine-tuning before it, after which W is where a device without parameters of its own starts. */
function ownContent<Settings extends GlobalModelSettings>(
  rule: GlobalModelRule<Settings>,
  state: GlobalModelState<Settings>,
  spec: TaskSpec,
  devices: readonly Device[],
): StepContent {
  const { run, position } = state.values;
  if (!isFineTuned(position, situatedOf(rule, run))) {
    const { payloads, parameterSets } = setsOf(rule, state);
    return { payloads, tasks: devices.map((device) => taskFor(device, run, { spec, parameterSets, shared: {} })) };
  }
  const sent = under(state.tensors, "W/");
  const { payloads, parameterSets } = numbered([["initial", sent], ...(rule.sentBeside?.(state) ?? [])]);
  const startsAt = rule.startsAt?.(state, sent) ?? (() => sent);
  const tasks = devices.map((device) => {
    const initial = indexOf(payloads, startsAt(device));
    return taskFor(device, run, { spec, parameterSets: { ...parameterSets, initial }, shared: {} });
  });
  return { payloads, tasks };
}

function specAt(position: Position, place: Situated, numEvaluations: number): TaskSpec {
  const { run, fineTuneEpochs, keepsOwn, hasOwnRanks } = place;
  if (position.kind === "evaluate") {
    return evaluateSpec({ isZeroShotDue: isZeroShotDue(run, numEvaluations), isPersonalised: isPersonalised(position, place) });
  }
  const isTuning = isFineTuning(position);
  const length = isTuning ? { epochs: fineTuneEpochs } : trainedFor(run.training);
  const isCut = hasOwnRanks && !isTuning;
  return { kind: "train", warmupSteps: 0, ...length, isPersonalised: isTuning || keepsOwn, ...(isCut ? { hasOwnRanks: true } : {}) };
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

/** Whether devices are evaluated with parameters of their own. */
function isPersonalised(position: Position, place: Situated): boolean {
  return place.keepsOwn || isFineTuned(position, place);
}

/** Whether this round's evaluation is of what the devices made of W for themselves. */
function isFineTuned({ round }: Position, { run, fineTuneEpochs }: Situated): boolean {
  return round >= run.numRounds && fineTuneEpochs > 0;
}
