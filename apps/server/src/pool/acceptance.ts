import {
  type Contribution,
  carriesTensors,
  countedExamples,
  type DeviceId,
  poisoned,
  type RoundPlan,
  type Stage,
  shapesOf,
  type TaskKind,
} from "@tutti/core";
import type { RunEvaluation } from "@tutti/data/node";
import { isRefusal, type Refusal, refuse, type Submit, type SubmitOutcome, taskId as taskIdOf } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { Receipts } from "../entry/receipts.ts";
import type { BlobStore } from "../http/blobs.ts";
import type { Journal, JournalledContribution, JournalledDevice, JournalledReceipt } from "../journal/journal.ts";
import { packRecord, unpackRecord } from "../journal/records.ts";
import type { TunedParameters } from "../tuned.ts";
import type { Clock } from "./clock.ts";
import { evaluatedBy, keptBackBy } from "./evaluatedRows.ts";
import { type Client, canMoveDevices } from "./members.ts";
import { isOpenLease, type Lease, type OpenStep } from "./openStep.ts";
import type { Roster } from "./roster.ts";
import { hashSubmission, readSubmission } from "./submissions.ts";

/** What names a step in its run; attempts count from 1 to `attempt`. */
export interface StepName {
  readonly stage: Stage;
  readonly round: number;
  readonly step: number;
  readonly attempt: number;
  readonly kind: TaskKind;
}

/** What accepting submissions needs of its surroundings. */
export interface AcceptancePorts {
  readonly config: CoordinatorConfig;
  readonly clock: Clock;
  readonly runId: string;
  readonly tuned: TunedParameters;
  readonly journal: Journal;
  readonly blobs: BlobStore;
  readonly receipts: Pick<Receipts, "note" | "forget">;
  /** What evaluations count at most, or null where that is not known (P-132). */
  readonly evaluatedRows: RunEvaluation | null;
  /** Steps that are closed, repeated attempts included in `attempt`. */
  pastSteps(): Iterable<StepName>;
  /** A contribution is safe in the journal. */
  onAccepted(taskId: string, deviceId: DeviceId): void;
  /** A contribution has arrived that is going to count: its client is free. */
  onTaskChange(): void;
  /** The journal cannot be written: nothing more can be acknowledged. */
  onFault(error: unknown): void;
  /** Bytes of a device state arrived inside a submission. */
  onStateBytes(numBytes: number): void;
}

/** Whose contributions are accepted: the roster's devices, or a compute client's. */
export interface AcceptingMembers extends Pick<Roster, "settled"> {
  readonly homes: Pick<Roster["homes"], "get" | "update">;
}

type Submission = Pick<Submit, "header" | "tensors" | "state">;

/** Turns submissions into contributions that count. */
export interface Acceptance {
  submit(
    step: OpenStep | null,
    client: Pick<Client, "clientKey">,
    submission: Submit,
  ): Promise<Refusal | { readonly outcome: SubmitOutcome }>;
  /** Takes over a contribution that was accepted before a restart. */
  restore(step: OpenStep, contribution: JournalledContribution): void;
}

/** Checks, journals and counts submissions, each exactly once. */
export function createAcceptance(ports: AcceptancePorts, members: AcceptingMembers): Acceptance {
  const { config, journal } = ports;
  const keepsStates = canMoveDevices(config);
  const { homes } = members;

  const trained = shapesOf(ports.tuned.initial);

  function read(submission: Submission, { plan }: OpenStep, { task }: Lease, wasResetThen?: boolean): Contribution | Refusal {
    const { shape, numClasses, words } = ports.tuned;
    const wasReset = task.spec.kind === "train" && (wasResetThen ?? homes.get(task.deviceId)?.wasReset === true);
    const evaluated =
      config.run.labels === undefined
        ? evaluatedBy(homes.get(task.deviceId), ports.evaluatedRows)
        : keptBackBy(countedExamples(task.expects.numExamples, config.run));
    const known = { run: config.run, stage: plan.stage, trained, shape, task, keepsStates, numClasses, words };
    const contribution = readSubmission(submission, { ...known, wasReset, evaluated });
    return isRefusal(contribution) ? contribution : poisoned(contribution, task);
  }

  async function accept({ openedAt, plan }: OpenStep, lease: Lease, device: JournalledDevice, submission: Submit): Promise<void> {
    const { taskId, deviceId, header, tensors, state } = submission;
    if (lease.accepted === null) throw new Error(`task ${taskId} is not claimed`);
    const { sha256, contribution } = lease.accepted;
    const elapsedMs = Math.round((lease.arrivedAt ?? openedAt) - openedAt);
    const updated = { ...device, version: taskId, versionSha256: sha256, ...keepState(ports, device, submission) };
    homes.update(updated);
    const { wasReset = false } = contribution;
    const by = device.clientKey === null ? {} : { by: device.clientKey };
    const record = { taskId, deviceId, sha256, bytes: packRecord(header, tensors), wasReset, ...by };
    const receipt = receiptOf(ports, plan, { submission, sha256, by: device.clientKey });
    journal.putContribution(record, updated, state ?? null, receipt);
    await journal.flushed();
    ports.onAccepted(taskId, deviceId);
    lease.end({ kind: "contributed", contribution, elapsedMs });
    members.settled(deviceId);
  }

  /** The answer to a submission of a task that was accepted before: the same bytes again, or others. */
  async function again(known: string, sha256: string, taskId: string): Promise<Refusal | { outcome: SubmitOutcome }> {
    if (known !== sha256) return refuse("P-41", `task ${taskId}: another submission was accepted under this id`);
    await journal.flushed();
    return { outcome: "duplicate" };
  }

  return {
    async submit(step, client, submission) {
      const { taskId, deviceId } = submission;
      const device = homes.get(deviceId);
      if (device?.clientKey !== client.clientKey) return refuse("P-43", `device ${deviceId} is not hosted by this client`);
      const sha256 = hashSubmission(submission);
      const lease = step?.leases.get(taskId);
      if (lease?.accepted) return again(lease.accepted.sha256, sha256, taskId);
      if (device.version === taskId && device.versionSha256 !== null) return again(device.versionSha256, sha256, taskId);
      const foreign = refuseForeign(ports, step, submission);
      if (foreign !== null) return foreign;
      if (step === null || lease === undefined || !isOpenLease(step, lease)) {
        await journal.flushed();
        return { outcome: "late" };
      }
      const contribution = read(submission, step, lease);
      if (isRefusal(contribution)) return contribution;
      // Claimed before anything is awaited: from here on it counts, whatever the deadline does.
      lease.state = "accepting";
      lease.arrivedAt = ports.clock.now();
      lease.accepted = { sha256, contribution, by: client.clientKey };
      ports.onTaskChange();
      try {
        await accept(step, lease, device, submission);
      } catch (error) {
        ports.onFault(error);
        throw error;
      }
      return { outcome: "accepted" };
    },
    restore(step, { taskId, deviceId, sha256, bytes, wasReset, by = homes.get(deviceId)?.clientKey ?? null }) {
      const lease = step.leases.get(taskId);
      if (lease === undefined) return;
      const { json, bytes: tensors } = unpackRecord(bytes);
      const header = json as Submit["header"];
      const contribution = read(carriesTensors(header.kind) ? { header, tensors } : { header }, step, lease, wasReset);
      if (isRefusal(contribution)) throw new Error(`journal: the contribution to task ${taskId} is damaged: ${contribution.message}`);
      lease.accepted = { sha256, contribution, by };
      lease.end({ kind: "contributed", contribution });
    },
  };
}

/** What the client's receipts will say of a contribution (P-165). */
function receiptOf(
  { receipts }: AcceptancePorts,
  { stage, round, step }: RoundPlan,
  { submission, sha256, by }: { readonly submission: Submit; readonly sha256: string; readonly by: string | null },
): JournalledReceipt | undefined {
  if (by === null) return undefined;
  const { taskId, deviceId, header, tensors } = submission;
  const numBytes = (tensors?.length ?? 0) + Buffer.byteLength(JSON.stringify(header));
  return receipts.note({ by, taskId, deviceId, stage, round, step, kind: header.kind, numBytes, sha256 });
}

/** Why a submission is no answer to any task of its device, or null. */
function refuseForeign(ports: AcceptancePorts, step: OpenStep | null, submission: Submit): Refusal | null {
  const { taskId, deviceId } = submission;
  const lease = step?.leases.get(taskId);
  if (lease === undefined) {
    return isPastTask(ports, step, submission) ? null : refuse("P-43", `task ${taskId} is not a task of device ${deviceId} in this run`);
  }
  const leasedTo = lease.task.deviceId;
  return leasedTo === deviceId ? null : refuse("P-43", `task ${taskId} was leased to device ${leasedTo}`);
}

/** Whether the id is a task that the device had in an earlier step or attempt. */
function isPastTask({ runId, pastSteps }: AcceptancePorts, step: OpenStep | null, { taskId, deviceId }: Submit): boolean {
  const present = step === null ? [] : [nameOf(step.plan)];
  for (const { stage, round, step: number, kind, attempt: numAttempts } of [...pastSteps(), ...present]) {
    for (let attempt = 1; attempt <= numAttempts; attempt++) {
      if (taskIdOf({ runId, stage, round, step: number, attempt, deviceId, kind }) === taskId) return true;
    }
  }
  return false;
}

/** The hash of the device's private state after a submission, and who computed it: a training task without one leaves the device without. */
function keepState(
  { blobs, onStateBytes }: AcceptancePorts,
  { deviceId, clientKey, stateSha256, stateBy }: JournalledDevice,
  { header, state }: Submit,
): Pick<JournalledDevice, "stateSha256" | "stateBy"> {
  if (state === undefined && header.kind !== "train") return { stateSha256, ...(stateBy === undefined ? {} : { stateBy }) };
  const blob = state === undefined ? null : blobs.hold(stateHolder(deviceId), state.slice());
  blobs.keepOnly(stateHolder(deviceId), new Set(blob === null ? [] : [blob.sha256]));
  if (state !== undefined) onStateBytes(state.length);
  return { stateSha256: blob?.sha256 ?? null, stateBy: clientKey };
}

/** Under what name the blob store holds a device's kept state. */
export function stateHolder(deviceId: DeviceId): string {
  return `${stateOf}${deviceId}`;
}

const stateOf = "state of device ";

/** Whether it holds a device's kept state. */
export function holdsState(holder: string): boolean {
  return holder.startsWith(stateOf);
}

/** A step's tasks are of one kind. */
function nameOf({ stage, round, step, attempt, tasks }: RoundPlan): StepName {
  return { stage, round, step, attempt, kind: tasks[0]?.spec.kind ?? "train" };
}
