import {
  type ContributionBody,
  type DeviceId,
  type DeviceState,
  type ParameterSets,
  type Params,
  type PlannedTask,
  type RoundPlan,
  type RunSettings,
  type Stage,
  type TaskExpectation,
  type TaskSpec,
  type TunedShape,
  taskParams,
} from "@tutti/core";
import type { Example, TextExample } from "@tutti/data";
import type { BackendChoice } from "./backendChoice.ts";
import type { BackendWhy } from "./backendWhy.ts";
import type { KernelChoice } from "./kernels/fusedKernels.ts";
import type { BackendName } from "./startedBackend.ts";

/** What a trainer loads before its first task: the run, its backbone and data, and what computes. */
export interface TrainerSetup {
  readonly run: RunSettings;
  /** Where the backbone's manifest.json is. */
  readonly manifestUrl: string;
  /** Base address of the data set's folder. */
  readonly datasetUrl: string;
  readonly backend: "auto" | BackendName;
  /** For `auto`: what this browser measured on an earlier visit. */
  readonly remembered?: BackendChoice | null | undefined;
  /** Who chose the backend where it is not `auto`; the run by default. */
  readonly askedBy?: "run" | "address" | "client" | "fallback";
  /** WASM threads; 0 for as many as there are cores. */
  readonly threads: number;
  /** Folder (with a closing slash) that holds the tfjs-backend-wasm*.wasm files; needed in browsers. */
  readonly wasmPath?: string | undefined;
  /** `plain` turns our own kernels off, for comparison; `fast` by default, which falls back to plain ones where they give other numbers. */
  readonly kernels?: KernelChoice | undefined;
  /** Whether a backward pass does not fit: the admission test does without one, and tasks that need one are refused. */
  readonly isForwardOnly?: boolean | undefined;
  /** Whether shards are read one at a time, because there is little memory. */
  readonly readsOneAtATime?: boolean | undefined;
  /** Whether the rate of a matrix product is measured also in a run that does not plan by it. */
  readonly measuresRate?: boolean | undefined;
}

/** The outcome of the admission test: whether this backend computes the backbone's golden numbers closely enough. */
export interface Admission {
  readonly isPassed: boolean;
  /** Largest relative error among the compared numbers. */
  readonly worstError: number;
  readonly detail: string;
}

/** What a started trainer computes on, whether it was admitted, and what it trains. */
export interface TrainerReady {
  readonly backend: BackendName;
  readonly threads: number;
  /** Which backend and kernels and why, as sentences. */
  readonly reason: string;
  /** The same as kinds with figures, for pages; absent where it is remembered from an older version. */
  readonly why?: BackendWhy | undefined;
  readonly kernels: KernelChoice;
  readonly admission: Admission;
  readonly shape: TunedShape;
  /** Of a matrix product on this backend, where the run plans by it or it was asked for. */
  readonly flopsPerSecond?: number | undefined;
  /** What was measured to choose the backend, to be remembered; absent where nothing was. */
  readonly measured?: BackendChoice | undefined;
}

/** How far the start of a trainer is, for a progress bar. The backend starts while the rest is loaded. */
export interface LoadProgress {
  readonly phase: "backend" | "backbone" | "tokenizer" | "dataset" | "admission";
  /** In the phase `backend`: the one that is being started, or has started. */
  readonly backend?: BackendName;
  /** In the phase `backend`: nothing more is being started. */
  readonly hasStarted?: boolean;
  readonly doneBytes: number;
  /** 0 while unknown. */
  readonly totalBytes: number;
}

/** Where a device's private examples come from: share `index` of the run's partition, or the volunteer's own. */
export type DeviceSource =
  | { readonly kind: "share"; readonly index: number }
  | { readonly kind: "own"; readonly examples: readonly Example[] | readonly TextExample[] };

/** One task of a lease, with the device's state as it is before. */
export interface TrainerTask {
  readonly deviceId: DeviceId;
  readonly stage: Stage;
  readonly round: number;
  readonly attempt: number;
  readonly spec: TaskSpec;
  /** As decoded. */
  readonly parameterSets: ParameterSets<Params>;
  readonly expects: TaskExpectation;
}

/** A planned task as its device's trainer gets it. */
export function trainerTask(plan: RoundPlan, task: PlannedTask): TrainerTask {
  const { stage, round, attempt } = plan;
  const { deviceId, spec, expects } = task;
  return { deviceId, stage, round, attempt, spec, parameterSets: taskParams(plan, task), expects };
}

/** A task before its parameters are fetched. */
export interface LeasedTask extends Omit<TrainerTask, "parameterSets"> {
  /** Of each set, in bytes. */
  readonly setSizes: ParameterSets<number>;
}

/** One optimiser step of a task, when it is done. */
export interface StepProgress {
  /** From 1. */
  readonly step: number;
  readonly numSteps: number;
  readonly loss: number;
  /** Before the task's own steps the device catches up with the run; these steps are seeds that it replays (P-221), and their loss is 0. */
  readonly phase?: "replay";
}

/** What a task leaves: the contribution to submit, and the state to keep once it is accepted. */
export interface TrainerResult {
  /** A train task's delta is the exact y_i − W; the client encodes it. */
  readonly body: ContributionBody;
  /** The device's next state; the one handed in when the task changes nothing. */
  readonly state: DeviceState | null;
}

/** Owns the tensor library, the backbone and the devices' examples; computes and nothing else. One task at a time. */
export interface Trainer {
  start(setup: TrainerSetup, onProgress: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<TrainerReady>;
  /** Gives a device its examples and answers n_i; given again, they are for tasks with that n_i, and those before stay for tasks that are out. */
  addDevice(deviceId: DeviceId, source: DeviceSource): Promise<{ numExamples: number }>;
  /** Which of a task's sets it needs, of a task that can do without some; without this, or where it answers null, all of them. */
  setsFor?(task: LeasedTask): Promise<readonly string[] | null>;
  /** Rejects with an AbortError when the signal fires; the state handed in then still holds. */
  compute(
    task: TrainerTask,
    state: DeviceState | null,
    onStep?: (progress: StepProgress) => void,
    signal?: AbortSignal,
  ): Promise<TrainerResult>;
  stop(): Promise<void>;
}
