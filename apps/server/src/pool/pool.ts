import type { Contribution, DeviceId, DevicePool, PlannedTask, RoundPlan, Step, TaskOutcome } from "@tutti/core";
import { type Refusal, refuse, type Submit, type SubmitOutcome } from "@tutti/protocol";
import type { Published } from "../publications.ts";
import { type AcceptancePorts, createAcceptance, stateHolder } from "./acceptance.ts";
import type { Clock } from "./clock.ts";
import { type Client, canMoveDevices } from "./members.ts";
import { isOpenLease, type Lease, leaseMessage, type OpenStep, openStep } from "./openStep.ts";
import { createRoster, type Roster } from "./roster.ts";

/** What the pool needs of its surroundings. */
export interface PoolPorts extends AcceptancePorts {
  readonly clock: Clock;
  /** A plan that is journalled; throws for any other. */
  published(plan: RoundPlan): Published;
  /** A step is open; its tasks have not left. */
  onOpened(step: OpenStep): void;
  /** Something that a page shows has changed. */
  onChange(): void;
  /** A device lost its private state and starts again. */
  onReset(deviceId: DeviceId): void;
  /** A client did not register these devices in time. */
  onLate(client: Client, deviceIds: readonly DeviceId[]): void;
  /** A task that names these blobs goes to a client, perhaps once more. */
  onHandedOut(clientKey: string, sha256s: readonly string[]): void;
}

/** The connected devices and the open step; the round loop's view of them, and the sockets'. */
export interface Pool extends DevicePool {
  readonly members: Roster;
  readonly keepsStates: boolean;
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
  const contents = journal.contents();
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
    removeClient: (clientKey) => journal.removeClient(clientKey),
    isOpenTask: (taskId) => isOpenLease(step, step?.leases.get(taskId)),
    isBusy: (deviceId) => isOpenLease(step, step?.byDevice.get(deviceId)),
    leasedExamples(deviceId) {
      const lease = step?.byDevice.get(deviceId);
      return isOpenLease(step, lease) ? (lease?.task.expects.numExamples ?? null) : null;
    },
    stateBlob(sha256) {
      const bytes = blobs.get(sha256);
      return bytes === null ? null : { sha256, numBytes: bytes.length };
    },
    onChange: changed,
    onReset: ports.onReset,
    onLate: ports.onLate,
    onLost(deviceId) {
      const lease = step?.byDevice.get(deviceId);
      if (lease?.state === "open") lease.end({ kind: "left" });
    },
  });
  const { hosting } = members;
  const acceptance = createAcceptance(ports, members);

  function changed(): void {
    const told = listeners;
    listeners = [];
    for (const tell of told) tell();
    ports.onChange();
  }

  function deliver(lease: Lease): void {
    const connection = members.connectionOf(lease.task.deviceId);
    if (step === null || connection === null || lease.sentOn === connection.id || !isOpenLease(step, lease)) return;
    lease.sentOn = connection.id;
    const message = leaseMessage(step, lease, clock.now());
    const blobs = Object.values(message.parameterSets).map(({ sha256 }) => sha256);
    ports.onHandedOut(hosting.get(lease.task.deviceId)?.clientKey ?? "", blobs);
    connection.task(message);
  }

  async function perform(opened: OpenStep, { deviceId }: PlannedTask): Promise<TaskOutcome> {
    const lease = opened.byDevice.get(deviceId);
    if (lease === undefined) throw new Error(`device ${deviceId} has no task in this step`);
    if (lease.state !== "open") return lease.outcome;
    members.settled(deviceId);
    if (isGone(members, deviceId)) lease.end({ kind: "left" });
    deliver(lease);
    return lease.outcome;
  }

  return {
    members,
    keepsStates: canMoveDevices(config),
    roster: members.list,
    whenRosterChanges: () => new Promise((resolve) => listeners.push(resolve)),
    open(plan, deadlineMs) {
      const { payloads, accepted } = ports.published(plan);
      close(step);
      const opened = openStep(runId, plan, payloads);
      step = opened;
      for (const contribution of accepted) acceptance.restore(opened, contribution);
      const deadline = startDeadline(opened, deadlineMs, clock, () => acceptance.settled());
      ports.onOpened(opened);
      return { ...deadline, perform: (task) => perform(opened, task) };
    },
    step: () => step,
    accepted(deviceIds) {
      const known = deviceIds.map((deviceId) => step?.byDevice.get(deviceId)?.accepted?.contribution);
      return known.flatMap((contribution) => contribution ?? []).sort((a, b) => a.deviceId - b.deviceId);
    },
    counted(contributions) {
      for (const { deviceId, wasReset } of contributions) {
        const device = wasReset === true ? hosting.get(deviceId) : null;
        if (device !== null) hosting.save({ ...device, wasReset: false });
      }
    },
    async submit(client, submission) {
      const answer = await acceptance.submit(step, client, submission);
      ports.onChange();
      return answer;
    },
    declineTask(client, taskId, reason) {
      const lease = step?.leases.get(taskId);
      if (lease?.state !== "open") return null;
      const isHost = hosting.get(lease.task.deviceId)?.clientKey === client.clientKey;
      if (!isHost) return refuse("P-43", `task ${taskId} was not leased to this client`);
      lease.end({ kind: "declined", reason });
      members.settled(lease.task.deviceId);
      ports.onChange();
      return null;
    },
    notAcknowledged(taskId, connectionId, isForeign) {
      const lease = step?.leases.get(taskId);
      if (lease?.state !== "open" || lease.sentOn !== connectionId) return;
      lease.sentOn = null;
      if (isForeign) lease.end({ kind: "left" });
      else deliver(lease);
    },
    deliverTo(client) {
      if (isStopped || client.connection === null) return;
      if (!client.connection.isWelcomed) members.welcomed(client);
      for (const { deviceId } of hosting.devicesOf(client.clientKey)) {
        const lease = step?.byDevice.get(deviceId);
        if (lease !== undefined) deliver(lease);
      }
    },
    stop() {
      isStopped = true;
      members.stop();
    },
  };
}

/** A deadline on the coordinator's uptime. Whatever is being written when it passes still counts. */
function startDeadline(
  step: OpenStep,
  deadlineMs: number | null,
  clock: Clock,
  settled: () => Promise<unknown>,
): Pick<Step, "passed" | "close"> {
  if (deadlineMs === null) return { passed: new Promise(() => undefined), close: () => close(step) };
  step.deadlineAt = clock.now() + deadlineMs;
  let cancelTimer: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    cancelTimer = clock.after(deadlineMs, () => {
      close(step);
      // The loop must hear of the last contributions before it hears of the deadline.
      void settled().then(() => setImmediate(resolve));
    });
  });
  return {
    passed,
    close() {
      cancelTimer();
      close(step);
    },
  };
}

/** Whatever comes from now on is late. */
function close(step: OpenStep | null): void {
  if (step === null) return;
  step.isOver = true;
  for (const lease of step.leases.values()) if (lease.state === "open") lease.end({ kind: "late" });
}

/** Whether nobody hosts the device and nobody is expected to. */
function isGone({ hosting, client }: Roster, deviceId: DeviceId): boolean {
  const key = hosting.get(deviceId)?.clientKey ?? null;
  return key === null || client(key)?.isGone !== false;
}
