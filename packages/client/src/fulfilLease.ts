import { type ContributionBody, shapesOf } from "@tutti/core";
import type { StepProgress, Trainer, TrainerResult } from "@tutti/model";
import {
  type BlobRef,
  type DeviceVersion,
  encodeDeviceState,
  encodedParamsSize,
  encodeParams,
  headerOf,
  type Submit,
  type SubmitOutcome,
  type TaskLease,
} from "@tutti/protocol";
import { BlobGone, type Blobs } from "./blobs.ts";
import type { DeviceRecord, PendingTask } from "./deviceStore.ts";
import type { Devices } from "./devices.ts";
import type { TrainedBytes } from "./trafficCount.ts";

/** How a submission ended: the coordinator's answer, or its refusal. */
export type Settled = { readonly outcome: SubmitOutcome } | { readonly outcome: "refused"; readonly message: string };

/** What a task needs of its session. */
export interface TaskContext {
  readonly devices: Devices;
  readonly blobs: Blobs;
  readonly trainer: Trainer;
  readonly keepsStates: boolean;
  /** Sends until it is answered, over reconnects if need be; rejects only when the session ends. */
  submit(submission: Submit): Promise<Settled>;
  onStep(progress: StepProgress): void;
  /** Told of what a training submission, of whatever stage, takes, and of what all layers would have taken. */
  onTrained(bytes: TrainedBytes): void;
}

/** How a task ended: as its submission did, or not submitted since its device was decided otherwise meanwhile; with the bytes of the contribution. */
export type TaskEnd = (Settled | { readonly outcome: "superseded" }) & { readonly numBytes: number };

/**
 * Fulfils one lease: compute, write the pending submission, submit, promote or drop (architecture.md, "Where a device lives").
 * A task whose submission is already pending is only sent again. Rejects where the device cannot do the task.
 */
export async function fulfilLease(lease: TaskLease, context: TaskContext, signal: AbortSignal): Promise<TaskEnd> {
  const { devices } = context;
  const start = await devices.read(lease.deviceId);
  if (start.pending?.submit.taskId === lease.taskId) return settleTask(start.pending.submit, context);
  if (start.pending !== null) await settle(start.pending.submit, context);
  const record = await devices.read(lease.deviceId);
  const result = await compute(lease, record, context, signal);
  const pending = pendingTask(lease, result, context.keepsStates);
  if (!(await devices.setPending(record, pending))) return { outcome: "superseded", numBytes: 0 };
  if (result.body.kind === "train") context.onTrained(trainedBytes(result, result.body, { submit: pending.submit, lease }));
  return settleTask(pending.submit, context);
}

async function settleTask(submission: Submit, context: TaskContext): Promise<TaskEnd> {
  const numBytes = (submission.tensors?.length ?? 0) + new TextEncoder().encode(JSON.stringify(submission.header)).length;
  return { ...(await settle(submission, context)), numBytes };
}

/** Sends what a device has pending, if anything. */
export async function settlePending({ deviceId, pending }: DeviceVersion, context: TaskContext): Promise<void> {
  const record = pending === null ? null : await context.devices.read(deviceId);
  if (record?.pending) await settle(record.pending.submit, context);
}

async function compute(lease: TaskLease, record: DeviceRecord, context: TaskContext, signal: AbortSignal): Promise<TrainerResult> {
  const { deviceId, stage, round, attempt, spec, expects } = lease;
  const fetched = (await neededSets(lease, context.trainer)).map(
    async ([name, ref]) => [name, await fetchParams(ref, context.blobs, signal)] as const,
  );
  const parameterSets = Object.fromEntries(await Promise.all(fetched));
  const task = { deviceId, stage, round, attempt, spec, parameterSets, expects };
  return context.trainer.compute(task, record.state, context.onStep, signal);
}

/** The sets that the trainer needs of a task that can do without some (P-210, P-221). */
async function neededSets({ parameterSets, ...lease }: TaskLease, trainer: Trainer): Promise<[string, BlobRef][]> {
  const all = Object.entries(parameterSets);
  const { kind } = lease.spec;
  const isPooled = kind === "perturb" || (kind === "evaluate" && lease.spec.pool !== undefined);
  if (kind !== "search" && !isPooled) return all;
  const { deviceId, stage, round, attempt, spec, expects } = lease;
  const setSizes = Object.fromEntries(all.map(([name, { numBytes }]) => [name, numBytes]));
  const names = await trainer.setsFor?.({ deviceId, stage, round, attempt, spec, expects, setSizes });
  return names === null || names === undefined ? all : all.filter(([name]) => names.includes(name));
}

const numDownloads = 2;

async function fetchParams(ref: BlobRef, blobs: Blobs, signal: AbortSignal) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await blobs.params(ref, signal);
    } catch (error) {
      if (signal.aborted || error instanceof BlobGone || attempt === numDownloads) throw error;
    }
  }
}

function pendingTask(lease: TaskLease, { body, state }: TrainerResult, keepsStates: boolean): PendingTask {
  const { taskId, deviceId, expects } = lease;
  const tensors = "delta" in body ? { tensors: encodeParams(body.delta, expects.encoding) } : {};
  const carried = keepsStates && body.kind === "train" && state !== null ? { state: encodeDeviceState(state) } : {};
  return { submit: { taskId, deviceId, header: headerOf(body), ...tensors, ...carried }, state };
}

/** Compares like with like: the same values in the same encoding, and then in four bytes a number. */
function trainedBytes(
  { state }: TrainerResult,
  { delta }: ContributionBody & { kind: "train" },
  { submit, lease }: { readonly submit: Submit; readonly lease: TaskLease },
): TrainedBytes {
  const all = shapesOf({ ...state?.local, ...delta });
  return {
    layerBytes: submit.tensors?.length ?? 0,
    allLayersBytes: encodedParamsSize(all, lease.expects.encoding),
    allLayersF32Bytes: encodedParamsSize(all, "f32"),
    stateBytes: submit.state?.length ?? 0,
  };
}

async function settle(submission: Submit, { submit, devices }: TaskContext): Promise<Settled> {
  const settled = await submit(submission);
  const { deviceId, taskId } = submission;
  const isCounted = settled.outcome === "accepted" || settled.outcome === "duplicate";
  await (isCounted ? devices.promote(deviceId, taskId) : devices.drop(deviceId, taskId));
  return settled;
}
