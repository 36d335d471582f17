import type { DeviceState } from "@tutti/core";
import type { BackendChoice } from "../backendChoice.ts";
import type {
  DeviceSource,
  LeasedTask,
  LoadProgress,
  StepProgress,
  TrainerReady,
  TrainerResult,
  TrainerSetup,
  TrainerTask,
} from "../trainer.ts";

/** What the page asks of the training worker; `id` numbers the question, and an abort names the question it stops. */
export type WorkerRequest =
  | { readonly id: number; readonly method: "start"; readonly setup: TrainerSetup }
  | { readonly id: number; readonly method: "addDevice"; readonly deviceId: number; readonly source: DeviceSource }
  | { readonly id: number; readonly method: "setsFor"; readonly task: LeasedTask }
  | { readonly id: number; readonly method: "compute"; readonly task: TrainerTask; readonly state: DeviceState | null }
  | { readonly id: number; readonly method: "stop" }
  /** In a worker that trains nothing. */
  | { readonly id: number; readonly method: "measure"; readonly setup: MeasureSetup }
  | { readonly id: number; readonly method: "abort" }
  /** How much of the time tasks may compute from here on; see `Pacer`. */
  | { readonly id: 0; readonly method: "pace"; readonly share: number }
  /** Comes with a port for each thread beside the worker's own, before the first start. */
  | { readonly id: 0; readonly method: "threads" };

/** What a worker needs to measure the backends. */
export type MeasureSetup = Pick<TrainerSetup, "threads" | "wasmPath">;

/** What each method answers with. */
export interface WorkerAnswers {
  readonly start: TrainerReady;
  readonly addDevice: { readonly numExamples: number };
  readonly setsFor: readonly string[] | null;
  readonly compute: TrainerResult;
  readonly stop: null;
  readonly measure: BackendChoice | null;
}

/** What the page asks of its worker, by name. */
export type WorkerMethod = keyof WorkerAnswers;

/** What the worker says: progress while it works, then one answer or failure for each question; a notice belongs to none. */
export type WorkerReply =
  | { readonly id: 0; readonly kind: "notice"; readonly sentence: string }
  /** Nothing computes here any more, such as when the GPU was taken away. */
  | { readonly id: 0; readonly kind: "lost"; readonly reason: string }
  /** How long the worker has computed so far, after each task. */
  | { readonly id: 0; readonly kind: "busy"; readonly seconds: number }
  | { readonly id: number; readonly kind: "loading"; readonly progress: LoadProgress }
  | { readonly id: number; readonly kind: "step"; readonly progress: StepProgress }
  | { readonly id: number; readonly kind: "answer"; readonly value: WorkerAnswers[WorkerMethod] }
  | { readonly id: number; readonly kind: "failure"; readonly name: string; readonly message: string };

/** The two ends of a message channel, as far as the bridge needs them: a Worker, or its inside. */
export interface Port<Incoming, Outgoing> {
  postMessage(message: Outgoing, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: { readonly data: Incoming; readonly ports?: readonly MessagePort[] }) => void): void;
}
