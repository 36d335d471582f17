import type { Contribution, Deadline, DeviceId, DevicePool, RoundPlan, Stage, TaskKind } from "@tutti/core";
import { type BlobRef, isRefusal, type Refusal, refuse, type Submit, type SubmitOutcome, taskId as taskIdOf } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import type { BlobStore } from "../http/blobs.ts";
import type { Journal, JournalledContribution, JournalledDevice } from "../journal/journal.ts";
import { packRecord, unpackRecord } from "../journal/records.ts";
import type { TunedParameters } from "../tuned.ts";
import type { Clock } from "./clock.ts";
import { type Lease, leaseMessage, type OpenStep, openStep } from "./openStep.ts";
import { canMoveDevices, type Client, createRoster, type Roster } from "./roster.ts";
import { hashSubmission, readSubmission } from "./submissions.ts";

/** What the pool needs of its surroundings. */
export interface PoolPorts {
  readonly config: CoordinatorConfig;
  readonly runId: string;
  readonly tuned: TunedParameters;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly blobs: BlobStore;
  /** Steps that are closed, repeated attempts included in `attempt`. */
  pastSteps(): Iterable<StepName>;
  /** Something that a page shows has changed. */
  onChange(): void;
  /** A device lost its private state and starts afresh. */
  onReset(deviceId: DeviceId): void;
  /** A contribution is safe in the journal. */
  onAccepted(taskId: string, deviceId: DeviceId): void;
  /** Bytes of a device state arrived inside a submission. */
  onStateBytes(numBytes: number): void;
}

/** What names a step in its run; attempts count from 1 to `attempt`. */
export interface StepName {
  readonly stage: Stage;
  readonly round: number;
  readonly step: number;
  readonly attempt: number;
  readonly kind: TaskKind;
}

/** The connected devices and the open step; the round loop's view of them, and the sockets'. */
export interface Pool extends DevicePool {
  readonly members: Roster;
  readonly keepsStates: boolean;
  /** Opens a step whose plan is journalled; contributions that were accepted before a restart are answered from the journal. */
  open(plan: RoundPlan, payloads: readonly BlobRef[], accepted?: readonly JournalledContribution[]): void;
  step(): OpenStep | null;
  /** Contributions of these devices to the open step, in device order. */
  accepted(deviceIds: readonly DeviceId[]): readonly Contribution[];
  /** A step has closed with these contributions. */
  counted(contributions: readonly Contribution[]): void;
  submit(client: Client, submission: Submit): Promise<Refusal | { readonly outcome: SubmitOutcome }>;
  /** The device cannot do the task. */
  declineTask(client: Client, taskId: string, reason: string): Refusal | null;
  /** A task was sent and not acknowledged: it is sent again, unless the client says that it does not host the device. */
  notAcknowledged(taskId: string, connectionId: string, isForeign: boolean): void;
  /** Its hello or registration is answered: hands a client every open task of its devices that it has not got on this connection. */
  deliverTo(client: Client): void;
  stop(): void;
}

/** A pool that goes on from what was journalled. */
export function createPool(ports: PoolPorts): Pool {
  const { config, clock, journal, blobs, runId } = ports;
  const keepsStates = canMoveDevices(config);
  const contents = journal.contents();
  const inFlight = new Set<Promise<void>>();
  let listeners: (() => void)[] = [];
  let step: OpenStep | null = null;
  let isStopped = false;

  for (const { deviceId, stateSha256 } of contents?.devices ?? []) {
    const bytes = stateSha256 === null ? undefined : contents?.blobs.get(stateSha256);
    if (bytes !== undefined) blobs.hold(stateHolder(deviceId), bytes);
  }

  const members = createRoster({
    config,
    runId,
    clock,
    devices: contents?.devices ?? [],
    clients: contents?.clients ?? [],
    saveDevice: (device) => journal.putDevice(device),
    saveClient: (client) => journal.putClient(client),
    isOpenTask: (taskId) => isOpen(step?.leases.get(taskId)),
    isBusy: (deviceId) => isOpen(step?.byDevice.get(deviceId)),
    stateBlob(sha256) {
      const bytes = blobs.get(sha256);
      return bytes === null ? null : { sha256, numBytes: bytes.length };
    },
    onChange: changed,
    onReset: ports.onReset,
    onLost(deviceId) {
      const lease = step?.byDevice.get(deviceId);
      if (lease?.state === "open") lease.end({ kind: "left" });
    },
  });

  function isOpen(lease: Lease | undefined): boolean {
    return lease?.state === "open" && step?.isOver === false;
  }

  function changed(): void {
    const told = listeners;
    listeners = [];
    for (const tell of told) tell();
    ports.onChange();
  }

  function deliver(lease: Lease): void {
    const connection = members.connectionOf(lease.task.deviceId);
    if (step === null || connection === null || lease.sentOn === connection.id || !isOpen(lease)) return;
    lease.sentOn = connection.id;
    connection.task(leaseMessage(step, lease, config.run, clock.now()));
  }

  /** Whatever comes from now on is late. */
  function close(closing: OpenStep | null): void {
    if (closing === null) return;
    closing.isOver = true;
    for (const lease of closing.leases.values()) if (lease.state === "open") lease.end({ kind: "late" });
  }

  function read(submission: Pick<Submit, "header" | "tensors" | "state">, plan: RoundPlan, { task }: Lease): Contribution | Refusal {
    const device = members.device(task.deviceId);
    const { shape, numClasses } = ports.tuned;
    const wasReset = task.spec.kind === "train" && device?.wasReset === true;
    const params = plan.payloads[task.params] ?? {};
    const numExamples = device?.numExamples ?? 0;
    return readSubmission(submission, { run: config.run, shape, task, params, numExamples, keepsStates, numClasses, wasReset });
  }

  /** Whether the id is a task that the device had in an earlier step or attempt. */
  function isPastTask(id: string, deviceId: DeviceId): boolean {
    for (const { attempt: numAttempts, ...name } of [...ports.pastSteps(), ...(step === null ? [] : [nameOf(step.plan)])]) {
      for (let attempt = 1; attempt <= numAttempts; attempt++) {
        if (taskIdOf({ runId, ...name, attempt, deviceId }) === id) return true;
      }
    }
    return false;
  }

  function restore(opened: OpenStep, { taskId, sha256, bytes }: JournalledContribution): void {
    const lease = opened.leases.get(taskId);
    if (lease === undefined) return;
    const { json, bytes: tensors } = unpackRecord(bytes);
    const header = json as Submit["header"];
    const contribution = read(header.kind === "train" ? { header, tensors } : { header }, opened.plan, lease);
    if (isRefusal(contribution)) throw new Error(`journal: the contribution to task ${taskId} is damaged: ${contribution.message}`);
    lease.accepted = { sha256, contribution };
    lease.end({ kind: "contributed", contribution });
  }

  /** The hash of the device's private state after a submission: a training task without one leaves the device without. */
  function keepState({ deviceId, stateSha256 }: JournalledDevice, { header, state }: Submit): string | null {
    if (state === undefined && header.kind !== "train") return stateSha256;
    const blob = state === undefined ? null : blobs.hold(stateHolder(deviceId), state.slice());
    blobs.keepOnly(stateHolder(deviceId), new Set(blob === null ? [] : [blob.sha256]));
    if (state !== undefined) ports.onStateBytes(state.length);
    return blob?.sha256 ?? null;
  }

  async function accept(lease: Lease, submission: Submit, accepted: NonNullable<Lease["accepted"]>): Promise<void> {
    const { taskId, deviceId, header, tensors, state } = submission;
    const device = members.device(deviceId);
    if (device === null) throw new Error(`device ${deviceId} is not in the roster`);
    lease.state = "accepting";
    lease.accepted = accepted;
    const stateSha256 = keepState(device, submission);
    const updated = { ...device, version: taskId, versionSha256: accepted.sha256, stateSha256 };
    members.updateDevice(updated);
    journal.putContribution({ taskId, deviceId, sha256: accepted.sha256, bytes: packRecord(header, tensors) }, updated, state ?? null);
    await journal.flushed();
    ports.onAccepted(taskId, deviceId);
    lease.end({ kind: "contributed", contribution: accepted.contribution });
    members.settled(deviceId);
    ports.onChange();
  }

  /** The answer to a submission of a task that was accepted before: the same bytes again, or others. */
  async function again(known: string, sha256: string, taskId: string): Promise<Refusal | { outcome: SubmitOutcome }> {
    if (known !== sha256) return refuse("P-41", `task ${taskId}: another submission was accepted under this id`);
    await journal.flushed();
    return { outcome: "duplicate" };
  }

  return {
    members,
    keepsStates,
    roster: () => members.list(),
    whenRosterChanges: () => new Promise((resolve) => listeners.push(resolve)),
    startDeadline(deadlineMs): Deadline {
      const closing = step;
      if (deadlineMs === null) return { passed: new Promise(() => undefined), cancel: () => close(closing) };
      if (closing !== null) closing.deadlineAt = clock.now() + deadlineMs;
      let cancelTimer: () => void = () => undefined;
      const passed = new Promise<void>((resolve) => {
        cancelTimer = clock.after(deadlineMs, () => {
          close(closing);
          // A contribution that is being written counts; its lease ends before the loop hears of the deadline.
          void Promise.allSettled(inFlight).then(() => setImmediate(resolve));
        });
      });
      return {
        passed,
        cancel() {
          cancelTimer();
          close(closing);
        },
      };
    },
    async perform(_plan, task) {
      const lease = step?.byDevice.get(task.deviceId);
      if (lease === undefined) throw new Error(`device ${task.deviceId} has no task in the open step`);
      if (lease.state !== "open") return lease.outcome;
      members.settled(task.deviceId);
      if (isGone(members, task.deviceId)) lease.end({ kind: "left" });
      deliver(lease);
      return lease.outcome;
    },
    open(plan, payloads, accepted = []) {
      close(step);
      step = openStep(runId, plan, payloads);
      for (const contribution of accepted) restore(step, contribution);
    },
    step: () => step,
    accepted(deviceIds) {
      const known = deviceIds.map((deviceId) => step?.byDevice.get(deviceId)?.accepted?.contribution);
      return known.flatMap((contribution) => contribution ?? []).sort((a, b) => a.deviceId - b.deviceId);
    },
    counted(contributions) {
      for (const { deviceId, wasReset } of contributions) {
        const device = members.device(deviceId);
        if (wasReset !== true || device === null) continue;
        const settled = { ...device, wasReset: false };
        members.updateDevice(settled);
        journal.putDevice(settled);
      }
    },
    async submit(client, submission) {
      const { taskId, deviceId } = submission;
      const device = members.device(deviceId);
      if (device?.clientKey !== client.clientKey) return refuse("P-43", `device ${deviceId} does not live on this client`);
      const sha256 = hashSubmission(submission);
      const lease = step?.leases.get(taskId);
      if (lease?.accepted) return again(lease.accepted.sha256, sha256, taskId);
      if (device.version === taskId && device.versionSha256 !== null) return again(device.versionSha256, sha256, taskId);
      if (lease === undefined && !isPastTask(taskId, deviceId)) return refuse("P-43", `task ${taskId} is no task of device ${deviceId} in this run`);
      if (lease !== undefined && lease.task.deviceId !== deviceId) return refuse("P-43", `task ${taskId} was leased to device ${lease.task.deviceId}`);
      if (step === null || lease === undefined || !isOpen(lease)) {
        await journal.flushed();
        return { outcome: "late" };
      }
      const contribution = read(submission, step.plan, lease);
      if (isRefusal(contribution)) return contribution;
      const accepting = accept(lease, submission, { sha256, contribution });
      inFlight.add(accepting);
      try {
        await accepting;
      } finally {
        inFlight.delete(accepting);
      }
      return { outcome: "accepted" };
    },
    declineTask(client, taskId, reason) {
      const lease = step?.leases.get(taskId);
      if (lease === undefined || lease.state !== "open") return null;
      if (members.device(lease.task.deviceId)?.clientKey !== client.clientKey) return refuse("P-43", `task ${taskId} was not leased to this client`);
      lease.end({ kind: "declined", reason });
      members.settled(lease.task.deviceId);
      ports.onChange();
      return null;
    },
    notAcknowledged(taskId, connectionId, isForeign) {
      const lease = step?.leases.get(taskId);
      if (lease === undefined || lease.state !== "open" || lease.sentOn !== connectionId) return;
      if (isForeign) return lease.end({ kind: "left" });
      lease.sentOn = null;
      deliver(lease);
    },
    deliverTo(client) {
      if (isStopped || client.connection === null) return;
      if (!client.connection.isWelcomed) {
        client.connection.isWelcomed = true;
        changed();
      }
      if (step === null) return;
      for (const lease of step.leases.values()) {
        if (members.device(lease.task.deviceId)?.clientKey === client.clientKey) deliver(lease);
      }
    },
    stop() {
      isStopped = true;
      members.stop();
    },
  };
}

/** A step's tasks are of one kind, as far as ids of the past are concerned. */
function nameOf({ stage, round, step, attempt, tasks }: RoundPlan): StepName {
  return { stage, round, step, attempt, kind: tasks[0]?.spec.kind ?? "train" };
}

function stateHolder(deviceId: DeviceId): string {
  return `state of device ${deviceId}`;
}

/** Whether nobody hosts the device and nobody is expected to. */
function isGone(members: Roster, deviceId: DeviceId): boolean {
  const device = members.device(deviceId);
  const client = device?.clientKey == null ? null : members.client(device.clientKey);
  return client === null || client.isGone;
}
