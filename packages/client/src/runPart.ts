import type { DeviceId } from "@tutti/core";
import type { DeviceSource, StepProgress, Trainer, TrainerReady, TrainerSetup } from "@tutti/model";
import {
  type Answer,
  type CallName,
  type DeviceDecision,
  limits,
  type Outcome,
  type Progress,
  type Request,
  type Rule,
  type Submit,
  type TaskLease,
  type Welcome,
} from "@tutti/protocol";
import { BlobGone, type Blobs } from "./blobs.ts";
import type { DeviceStore } from "./deviceStore.ts";
import { createDevices } from "./devices.ts";
import type { CurrentTask, SessionEvent } from "./events.ts";
import { createGate } from "./gate.ts";
import { CannotTakePart, createLoader } from "./loader.ts";
import { performTask, type Settled, settlePending, type TaskContext } from "./performTask.ts";
import { createTaskQueue, type TaskQueue } from "./taskQueue.ts";

/** How a part speaks with the coordinator. */
export interface Coordinator {
  call<N extends CallName>(name: N, request: Request<N>): Promise<Outcome<Answer<N>>>;
  /** The answer to a call is not known: says hello once more, which ends in `enter`. */
  sayHelloAgain(): void;
  /** May be lost. */
  tellProgress(progress: Progress): void;
  /** Says that loading gets on (P-16); may be lost. */
  tellLoading(): void;
}

export interface RunPartOptions {
  readonly runId: string;
  readonly setup: TrainerSetup;
  readonly trainer: Trainer;
  readonly store: DeviceStore;
  readonly blobs: Blobs;
  readonly coordinator: Coordinator;
  /** The examples of a device that holds this share of the partition. */
  readonly sourceOf: (share: number) => DeviceSource;
  readonly emit: (event: SessionEvent) => void;
  readonly onSent: (numBytes: number) => void;
  readonly onSaved: (numBytes: number) => void;
}

/** A client's part in one run: its devices, its trainer, its tasks; it outlives connections. */
export interface RunPart {
  readonly runId: string;
  readonly queue: TaskQueue;
  /** Whether the device lives here. */
  hosts(deviceId: DeviceId): boolean;
  /** After each hello: takes over the decisions, sends what is pending, gets ready, registers. */
  enter(welcome: Welcome): Promise<void>;
  assign(decisions: readonly DeviceDecision[]): Promise<void>;
  /** Devices that live elsewhere from now on. */
  moved(deviceIds: readonly DeviceId[]): Promise<void>;
  /** The connection is gone: submissions wait for the next `enter`. */
  suspend(): void;
  /** The part is over: aborts what runs. */
  stop(): void;
}

const progressEveryMs = 300;
const loadingEveryMs = 5000;
const maxReason = limits.maxReason;

/** Refusals after which the client does not know whether its submission counts (P-40). */
const unknownOutcome: readonly Rule[] = ["P-5", "P-6", "P-7", "P-10"];

/** A part that has not entered yet. */
export function createRunPart(options: RunPartOptions): RunPart {
  const { runId, trainer, coordinator, emit } = options;
  const life = new AbortController();
  const { signal } = life;
  const online = createGate();
  const sourceOf = (deviceId: DeviceId) => options.sourceOf(devices.shareOf(deviceId));
  const onAdvance = atMostEvery(loadingEveryMs, coordinator.tellLoading);
  const loader = createLoader({ setup: options.setup, trainer, emit, sourceOf, onAdvance }, signal);
  let keepsStates = false;
  let ready: TrainerReady | null = null;
  let refusedIds = "";
  const devices = createDevices({
    runId,
    store: options.store,
    blobs: options.blobs,
    onDecision: ({ deviceId, decision }) => emit({ kind: "decision", deviceId, decision }),
  });

  const context = (onStep: (progress: StepProgress) => void): TaskContext => ({
    devices,
    blobs: options.blobs,
    trainer,
    keepsStates,
    submit,
    onStep,
    onSaved: options.onSaved,
  });

  async function submit(submission: Submit): Promise<Settled> {
    for (;;) {
      await online.passed(signal);
      const { version, pending } = await devices.read(submission.deviceId);
      // The answer to a hello may have settled it while the connection was gone.
      if (pending?.submit.taskId !== submission.taskId) return { outcome: version === submission.taskId ? "duplicate" : "late" };
      options.onSent((submission.tensors?.length ?? 0) + (submission.state?.length ?? 0) + JSON.stringify(submission.header).length);
      const answer = await coordinator.call("submit", submission);
      if (answer.ok) return answer.value;
      if (!unknownOutcome.includes(answer.rule)) return { outcome: "refused", message: `${answer.rule}: ${answer.message}` };
      online.close();
      coordinator.sayHelloAgain();
    }
  }

  async function perform(lease: TaskLease, superseded: AbortSignal): Promise<void> {
    const { taskId, deviceId, stage, round, spec } = lease;
    const task: CurrentTask = { taskId, deviceId, stage, round, kind: spec.kind };
    emit({ kind: "taskStarted", task });
    options.blobs.keepOnly(
      [lease, ...queue.waiting()].flatMap(({ parameterSets }) => Object.values(parameterSets).map(({ sha256 }) => sha256)),
    );
    const report = progressReport(taskId, coordinator);
    const onStep = (progress: StepProgress): void => {
      emit({ kind: "step", task, progress });
      report(progress);
    };
    try {
      const end = await performTask(lease, context(onStep), AbortSignal.any([superseded, signal]));
      if (end.outcome === "refused") await tellRefused(taskId, end.message);
      emit({ kind: "taskEnded", task, outcome: end.outcome });
    } catch (error) {
      await giveUp(task, error, superseded.aborted);
    }
  }

  /** The same work would be refused again, so the coordinator need not wait for it. */
  async function tellRefused(taskId: string, message: string): Promise<void> {
    emit({ kind: "problem", message: `The coordinator refused this tab's work (${message}).` });
    await coordinator.call("decline", { taskId, reason: `refused: ${message}`.slice(0, maxReason) }).catch(nothing);
  }

  async function giveUp(task: CurrentTask, error: unknown, isSuperseded: boolean): Promise<void> {
    if (isSuperseded || signal.aborted || error instanceof BlobGone) return emit({ kind: "taskEnded", task, outcome: "superseded" });
    const reason = messageOf(error);
    emit({ kind: "problem", message: `This tab could not do a task: ${reason}` });
    await coordinator.call("decline", { taskId: task.taskId, reason }).catch(nothing);
    emit({ kind: "taskEnded", task, outcome: "declined" });
  }

  const queue = createTaskQueue(perform);

  async function register(): Promise<void> {
    const trained = await loader.load(devices.ids()).catch(async (error: unknown) => {
      if (!signal.aborted) await coordinator.call("decline", { taskId: null, reason: messageOf(error) }).catch(nothing);
      throw error;
    });
    // A device that was assigned meanwhile is loaded, and then registered, in its own turn. With none this says that the client is ready (P-17).
    await registerWith(trained, loaded());
    tellReady(trained);
  }

  const loaded = () =>
    devices.ids().flatMap((deviceId) => {
      const numExamples = loader.numExamples(deviceId);
      return numExamples === null ? [] : [{ deviceId, numExamples }];
    });

  function tellReady(trained: TrainerReady): void {
    ready = trained;
    const here = loaded();
    const numExamples = here.reduce((sum, device) => sum + device.numExamples, 0);
    emit({ kind: "ready", ready: trained, deviceIds: here.map(({ deviceId }) => deviceId), numExamples });
  }

  async function registerWith(
    { backend, threads, reason, admission }: TrainerReady,
    listed: Request<"register">["devices"],
  ): Promise<void> {
    const compute = { backend, threads, reason: reason.slice(0, maxReason), worstError: admission.worstError };
    const answer = await coordinator.call("register", { devices: listed, compute });
    const ids = listed.map(({ deviceId }) => deviceId).join(" ");
    if (answer.ok || answer.rule === "P-11") return;
    // The connection that the welcome came on is gone, or the answer is: the next hello ends in another registration.
    if (unknownOutcome.includes(answer.rule)) return coordinator.sayHelloAgain();
    if (answer.rule !== "P-14" || ids === refusedIds) {
      throw new CannotTakePart(`The coordinator did not admit this tab (${answer.rule}: ${answer.message}).`);
    }
    refusedIds = ids;
    // A device may have moved to a newcomer while this client was loading; the next hello says which are still here.
    coordinator.sayHelloAgain();
  }

  return {
    runId,
    queue,
    hosts: (deviceId) => devices.ids().includes(deviceId),
    async enter(welcome) {
      keepsStates = welcome.keepsStates;
      queue.clearWaiting();
      await devices.applyWhole(welcome.devices);
      online.open();
      void sendPending().catch((error: unknown) => signal.aborted || emit({ kind: "problem", message: messageOf(error) }));
      await register();
    },
    async assign(decisions) {
      await devices.applyNew(decisions);
      await register();
    },
    async moved(deviceIds) {
      await devices.forget(deviceIds);
      if (ready !== null) tellReady(ready);
    },
    suspend: online.close,
    stop() {
      life.abort();
      queue.stop();
    },
  };

  async function sendPending(): Promise<void> {
    const runningId = queue.running()?.taskId;
    for (const version of await devices.versions()) {
      if (version.pending !== runningId)
        await settlePending(
          version,
          context(() => undefined),
        );
    }
  }
}

/** Calls `act`, but not again within the period. */
function atMostEvery(periodMs: number, act: () => void): () => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - lastMs < periodMs) return;
    lastMs = now;
    act();
  };
}

function progressReport(taskId: string, coordinator: Coordinator): (progress: StepProgress) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return ({ step, numSteps, loss }) => {
    const now = performance.now();
    if (now - lastMs < progressEveryMs && step < numSteps) return;
    lastMs = now;
    coordinator.tellProgress({ taskId, step, numSteps, loss: Number.isFinite(loss) && loss >= 0 ? loss : null });
  };
}

/** A call rejects only when the session is over, and then nobody listens. */
function nothing(): void {}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message === "" ? "unknown reason" : message).slice(0, maxReason);
}
