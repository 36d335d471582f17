import type { Params } from "../params.ts";
import type { Random } from "../random.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { Contribution, Device, DeviceId, Done, EvaluationResult, RoundPlan, Stage, TaskSpec, Waiting } from "../task.ts";
import type { TuningSettings } from "../tunings/table.ts";
import type { TunedShape } from "../tunings/tuned.ts";
import type { GrownSize } from "./fedAdapter/size.ts";
import type { PlannedDevice } from "./fedPipe/plan.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The same values as T, in a form that the compiler accepts as `Json`. */
export type AsJson<T> = T extends object ? { readonly [K in keyof T]: AsJson<T[K]> } : T;

/**
 * What a strategy keeps between steps: JSON values beside named tensors.
 * A tensor that a step leaves alone stays the same object, so a journal stores only what changed.
 */
export interface StrategyState {
  readonly values: { readonly [key: string]: Json };
  readonly tensors: Params;
}

/** A run as its strategy sees it, with the settings of that strategy. */
export type StrategyRun<Settings = { readonly name: string }> = RunConditions & {
  readonly tuning: TuningSettings;
  readonly strategy: Settings;
};

/** What the devices found in one evaluate step, pooled. */
export interface Evaluation {
  readonly stage: Stage;
  readonly round: number;
  /** Devices that answered. */
  readonly numAnswered: number;
  /** Devices that answered / N. */
  readonly coverage: number;
  /** One entry per protocol and split, confusion matrices and losses summed over the devices. */
  readonly results: readonly EvaluationResult[];
}

/** One device's spectrum in the layer count (fedpeptao.md §4). */
export interface SpectrumProbe {
  readonly deviceId: DeviceId;
  readonly ritzValues: readonly number[];
  readonly ritzWeights: readonly number[];
  /** r, or null with the reason when no plateau was found. */
  readonly keepFraction: number | null;
  readonly reason?: string;
}

/** Where a run stands and what it has found, for pages and reports. */
export interface StrategySummary {
  /** The step that comes next, or that was last when the run is over. */
  readonly stage: Stage;
  readonly round: number;
  /** Rounds of this stage. */
  readonly numRounds: number;
  readonly step: number;
  readonly isDone: boolean;
  /** s_l, null where a layer is not scored; null as a whole before (or without) Stage A. */
  readonly layerScores: readonly (number | null)[] | null;
  readonly probes: readonly SpectrumProbe[];
  /** r of the run, given or found; null while it is not known. */
  readonly keepFraction: number | null;
  /** 𝓢 in ascending order; null while it is not known. */
  readonly selectedLayers: readonly number[] | null;
  /** Names that travel in the train stage; null while they are not known. */
  readonly sharedNames: readonly string[] | null;
  /** η_s of the latest server step; null when the strategy has none. */
  readonly serverLearningRate: number | null;
  readonly evaluations: readonly Evaluation[];
  /** What was planned last for each device's client, in device order; absent where a strategy plans for all alike. */
  readonly plans?: readonly PlannedDevice[];
  /** A prompt of words, and how people read it; absent where nothing of the kind is tuned. */
  readonly prompt?: { readonly tokens: readonly number[]; readonly text: string };
  /** How much was trained, with the first round of each size; absent where that does not grow. */
  readonly sizes?: readonly GrownSize[];
}

/** A step that a run takes when nobody leaves. */
export interface ExpectedStep {
  readonly stage: Stage;
  readonly round: number;
  /** From 1 within the round. */
  readonly step: number;
  /** Where layers are still to be chosen, some are expected to stay on the devices. */
  readonly spec: TaskSpec;
  /** Devices that get a task. */
  readonly numDevices: number;
  /** Whether every device tunes the round's model for itself, of which nothing travels. */
  readonly isFineTuning: boolean;
}

/** The decisions that make up a federated method: pure, with serialisable state. */
export interface Strategy<S extends StrategyState = StrategyState, Run extends StrategyRun = StrategyRun> {
  /** All steps of a run, in order: what `plan` will plan, as far as settings tell. */
  schedule(run: Run): readonly ExpectedStep[];
  init(run: Run, shape: TunedShape, initial: Params): S;
  /**
   * The state with which another run of this strategy goes on after `round` of the train stage, from a state of that moment. Its
   * evaluations are yet to come. Throws, naming the setting, where the run asks for what was settled before. Without it a run cannot be branched.
   */
  branch?(state: S, run: Run, round: number): S;
  /** `attempt` counts from 1 and grows when a missed quorum repeats the step. */
  plan(state: S, roster: readonly Device[], random: Random, attempt: number): RoundPlan | Waiting | Done;
  /** Contributions come in device order; those that did not arrive are absent. */
  aggregate(state: S, plan: RoundPlan, contributions: readonly Contribution[]): S;
  /**
   * The state without what it keeps of a device that its client took back (P-128); the same object where that is nothing. `numDevices` is N with it.
   * Without this a strategy keeps nothing of single devices.
   */
  forget?(state: S, deviceId: DeviceId, numDevices: number): S;
  /** W: what travels. */
  globalParams(state: S): Params;
  /** Every trained parameter as a newcomer gets it: W, and the initial prompts elsewhere. */
  newcomerParams(state: S): Params;
  summary(state: S): StrategySummary;
}
