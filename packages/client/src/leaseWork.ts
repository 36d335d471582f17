import type { StepProgress, Trainer } from "@tutti/model";
import { limits, type TaskLease } from "@tutti/protocol";
import { BlobGone, type Blobs } from "./blobs.ts";
import { type CoordinatorLink, decline } from "./coordinatorLink.ts";
import type { Devices } from "./devices.ts";
import type { CurrentTask, SessionEvent } from "./events.ts";
import { fulfilLease, settlePending, type TaskContext } from "./fulfilLease.ts";
import { messageOf } from "./messageOf.ts";
import { GivenBack, type Work } from "./taskQueue.ts";

/** What working on leases needs of the participation. */
export interface LeaseWorkPorts {
  readonly devices: Devices;
  readonly blobs: Blobs;
  readonly trainer: Trainer;
  readonly coordinator: Pick<CoordinatorLink, "call" | "tellProgress">;
  readonly submit: TaskContext["submit"];
  /** Whether the run keeps device states, by the last welcome. */
  readonly keepsStates: () => boolean;
  readonly emit: (event: SessionEvent) => void;
  readonly onTrained: TaskContext["onTrained"];
}

/** Works on leases, and tells the page and the coordinator how each ends. */
export interface LeaseWork {
  readonly work: Work;
  /** Sends again what devices have pending, but for the task that is being worked on, which sends its own. */
  sendPending(running: TaskLease | null): Promise<void>;
}

/** Half of a task and its end are told whenever they come: at half, the device of the client's next task may get ready here (P-28). */
const progressEveryMs = 300;

/** Work until `signal` fires. */
export function createLeaseWork(ports: LeaseWorkPorts, signal: AbortSignal): LeaseWork {
  const { devices, blobs, trainer, coordinator, submit, emit, onTrained } = ports;
  const contextWith = (onStep: TaskContext["onStep"]): TaskContext => {
    return { devices, blobs, trainer, keepsStates: ports.keepsStates(), submit, onStep, onTrained };
  };
  return {
    async work(lease, superseded, waiting) {
      const { taskId, deviceId, stage, round, spec } = lease;
      const task: CurrentTask = { taskId, deviceId, stage, round, kind: spec.kind };
      emit({ kind: "taskStarted", task });
      blobs.keepOnly([lease, ...waiting].flatMap(({ parameterSets }) => Object.values(parameterSets).map(({ sha256 }) => sha256)));
      const report = progressReport(lease, coordinator);
      const onStep = (progress: StepProgress): void => {
        emit({ kind: "step", task, progress });
        report(progress);
      };
      try {
        const end = await fulfilLease(lease, contextWith(onStep), AbortSignal.any([superseded, signal]));
        if (end.outcome === "refused") await tellRefused(ports, taskId, end.message);
        emit({ kind: "taskEnded", task, outcome: end.outcome, numBytes: end.numBytes });
      } catch (error) {
        const { reason } = superseded;
        const isGivenBack = reason instanceof GivenBack && !signal.aborted;
        const isOver = !isGivenBack && (superseded.aborted || signal.aborted || error instanceof BlobGone);
        if (isGivenBack) await decline(coordinator, taskId, reason.message);
        else if (!isOver) await tellUnable(ports, lease, messageOf(error));
        emit({ kind: "taskEnded", task, outcome: isOver ? "superseded" : "declined", numBytes: 0 });
      }
    },
    async sendPending(running) {
      for (const version of await devices.versions()) {
        if (version.pending === running?.taskId) continue;
        await settlePending(
          version,
          contextWith(() => undefined),
        );
      }
    },
  };
}

/** The same work would be refused again, so the coordinator need not wait for it. */
async function tellRefused({ coordinator, emit }: LeaseWorkPorts, taskId: string, message: string): Promise<void> {
  emit({
    kind: "problem",
    message: `The coordinator refused this tab's work (${message}).`,
    problem: { kind: "workRefused", detail: message },
  });
  await decline(coordinator, taskId, `refused: ${message}`.slice(0, limits.maxReason));
}

/** Errors of a trainer cross a Worker as text: of training, and of searches and perturbations. */
const lossFault = /loss or gradient of each of \d+ batches is not finite|the loss of step \d+ is/;

/** Where training comes to no finite loss from a state that another client computed, that state is declined as well (P-125). */
async function tellUnable({ coordinator, devices, emit }: LeaseWorkPorts, { taskId, deviceId }: TaskLease, reason: string): Promise<void> {
  if (lossFault.test(reason)) await devices.declineInherited(deviceId, reason);
  emit({ kind: "problem", message: `This tab could not do a task: ${reason}`, problem: { kind: "taskFailed", detail: reason } });
  await decline(coordinator, taskId, reason);
}

/** Of a search or of edits, whose result is smaller than a few messages, each quarter is told, and of perturbations the half (P-35). */
function progressReport(
  { taskId, spec }: Pick<TaskLease, "taskId" | "spec">,
  coordinator: Pick<CoordinatorLink, "tellProgress">,
): (progress: StepProgress) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return ({ step, numSteps, loss, phase }) => {
    if (phase === "replay" || (spec.kind === "perturb" && step !== Math.ceil(numSteps / 2))) return;
    const isQuarter = [1, 2, 3, 4].some((quarter) => step === Math.ceil((quarter * numSteps) / 4));
    if ((spec.kind === "search" || spec.kind === "edit") && !isQuarter) return;
    const now = performance.now();
    const isHalf = step === Math.ceil(numSteps / 2);
    if (now - lastMs < progressEveryMs && step < numSteps && !isHalf) return;
    lastMs = now;
    coordinator.tellProgress({ taskId, step, numSteps, loss: Number.isFinite(loss) && loss >= 0 ? loss : null });
  };
}
