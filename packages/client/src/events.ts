import type { DeviceId, Stage, TaskKind } from "@tutti/core";
import type { LoadProgress, StepProgress, TrainerReady } from "@tutti/model";
import type { Decision, RefusalKind, Rule, Status, SubmitOutcome, Welcome, Withdrawn } from "@tutti/protocol";

/** The task a session works on, as far as a page shows it. */
export interface CurrentTask {
  readonly taskId: string;
  readonly deviceId: DeviceId;
  readonly kind: TaskKind;
  readonly stage: Stage;
  readonly round: number;
}

/** Why a session is over. `reload`: the page is older than the coordinator. `failed`: this client cannot take part. */
export type SessionEnd =
  | { readonly reason: "finished" | "removed" | "closing" }
  | { readonly reason: "replaced" }
  /** `deleted`: with what the coordinator kept of this client, and what of it stays (P-127). */
  | { readonly reason: "left"; readonly deleted?: Withdrawn }
  | { readonly reason: "reload"; readonly message: string }
  /** `rule`: of the refusal, where the coordinator refused the client; `why`: the message as a kind with figures. */
  | { readonly reason: "failed"; readonly message: string; readonly rule?: Rule; readonly why?: ClientFault };

/** Why a client cannot take part. */
export type ClientFault =
  | { readonly kind: "notAdmitted"; readonly rule: Rule; readonly message: string; readonly why?: RefusalKind }
  /** It computes other numbers than the reference; `detail` says which, in English. */
  | { readonly kind: "otherNumbers"; readonly detail: string }
  /** Something was thrown; `detail` says what, in English. */
  | { readonly kind: "broken"; readonly detail: string };

/** What went wrong while a client goes on; `detail` is in English. */
export type ClientProblem =
  /** `rule`: that the coordinator named; null where it does not answer. */
  | { readonly kind: "notDeleted"; readonly rule: Rule | null }
  | { readonly kind: "notUnderstood" | "workRefused" | "taskFailed" | "unsent"; readonly detail: string }
  | { readonly kind: "deviceRefused"; readonly rule: Rule; readonly detail: string };

/** Bytes of blobs and submissions since the session began, before any framing. */
export interface TrafficCount {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Layers that training submissions sent. */
  readonly layerBytes: number;
  /** What these submissions would have taken with every layer, in the same encoding. */
  readonly allLayersBytes: number;
  /** And with every layer in four bytes a number. */
  readonly allLayersF32Bytes: number;
  /** Copies of devices' private states, which some runs keep; among `sentBytes`. */
  readonly stateBytes: number;
}

/**
 * `unapproved`: the operator has not let the client in yet (P-104); it asks again. `stopped`: the coordinator said goodbye and is gone; the client
 * looks for it all the same, and takes part again once it is back.
 */
export type ConnectionState = "connecting" | "online" | "retrying" | "stopped" | "unapproved";

/** What happens in a session, in order; a page or a test derives all it shows from these. */
export type SessionEvent =
  | { readonly kind: "connection"; readonly state: ConnectionState }
  | { readonly kind: "welcome"; readonly welcome: Welcome }
  | { readonly kind: "loading"; readonly progress: LoadProgress }
  | { readonly kind: "ready"; readonly ready: TrainerReady; readonly numExamples: number; readonly deviceIds: readonly DeviceId[] }
  | { readonly kind: "decision"; readonly deviceId: DeviceId; readonly decision: Decision }
  | { readonly kind: "taskStarted"; readonly task: CurrentTask }
  | { readonly kind: "step"; readonly task: CurrentTask; readonly progress: StepProgress }
  | {
      readonly kind: "taskEnded";
      readonly task: CurrentTask;
      readonly outcome: SubmitOutcome | "refused" | "declined" | "superseded";
      /** Of the contribution, as receipts count it (P-165); 0 where none was sent. */
      readonly numBytes: number;
    }
  | { readonly kind: "traffic"; readonly traffic: TrafficCount }
  | { readonly kind: "paused"; readonly isPaused: boolean }
  | { readonly kind: "status"; readonly status: Status }
  | { readonly kind: "problem"; readonly message: string; readonly problem?: ClientProblem }
  | { readonly kind: "ended"; readonly end: SessionEnd };
