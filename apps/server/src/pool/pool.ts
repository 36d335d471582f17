import {
  type Contribution,
  computeDeviceId,
  type Device,
  type DeviceId,
  type DevicePool,
  deferred,
  isComputeKind,
  type RoundPlan,
  tokensPerTextOf,
  withoutResting,
} from "@tutti/core";
import type { Refusal, Submit, SubmitOutcome, Withdrawn } from "@tutti/protocol";
import type { ClientSeconds, DeviceTime } from "@tutti/record";
import { baseFor } from "../bases.ts";
import type { Published } from "../publications.ts";
import { type AcceptancePorts, createAcceptance, stateHolder } from "./acceptance.ts";
import type { Clock } from "./clock.ts";
import { type ComputeDesk, createComputeDesk } from "./computeDesk.ts";
import { type Cuttable, cutShort, cuttable } from "./cutting.ts";
import { createDelivery, type Delivery, type DeliveryPorts } from "./delivery.ts";
import type { ResetReason } from "./homesPorts.ts";
import { type Client, type Connection, canMoveDevices, works } from "./members.ts";
import { createOccupancy, type Occupation } from "./occupancy.ts";
import { type CurrentStep, closeIfEnough, closeStep, isOpenLease, type OpenStep, openStep } from "./openStep.ts";
import { createRoster, type Roster, type RosterPorts } from "./roster.ts";
import { createTaskProgress, type TaskProgressNotes, type TaskSteps } from "./taskProgress.ts";
import { taskTimes } from "./taskTimes.ts";
import { endTakenBack, type WithdrawalPorts, withdraw } from "./withdrawal.ts";

/** What the pool needs of its surroundings. */
export interface PoolPorts extends Omit<AcceptancePorts & DeliveryPorts, "onTaskChange">, WithdrawalPorts {
  /** What compute clients must bring (P-90); null where the run needs none. */
  readonly computeToken: string | null;
  /** n_i of every share, or null where the coordinator has not dealt them (P-120). */
  readonly shareSizes: readonly number[] | null;
  /** What trusted hosts bring; null where states go to any host (P-126). */
  readonly hostToken: string | null;
  /** What helper devices bring; null where the run has none (P-192). */
  readonly helperToken: string | null;
  /** A plan that is journalled; throws for any other. */
  published(plan: RoundPlan): Published;
  /** Whether the operator had closed the step before an earlier process ended. */
  wasCutShort(plan: RoundPlan): boolean;
  /** A step is open; its tasks have not left. */
  onOpened(step: OpenStep): void;
  /** Something that a page shows has changed. */
  onChange(): void;
  /** A client has said how far a task is. */
  onProgress(): void;
  /** A device lost its private state and starts again. */
  onReset(deviceId: DeviceId, why: ResetReason): void;
  /** A client did not register these devices in time. */
  onLate(client: Client, deviceIds: readonly DeviceId[]): void;
}

/** The connected devices and the open step; the round loop's view of them, and the sockets'. */
export interface Pool extends DevicePool {
  readonly members: Roster;
  readonly computeDesk: ComputeDesk;
  readonly keepsStates: boolean;
  step(): OpenStep | null;
  /** The step that the operator may close early. */
  cuttable(): Cuttable;
  /** Closes it with what is in. */
  cutShort(): void;
  /** Contributions of these devices to the open step, in device order. */
  accepted(deviceIds: readonly DeviceId[]): readonly Contribution[];
  /** A step has closed with these contributions. */
  counted(contributions: readonly Contribution[]): void;
  submit(client: Client, submission: Submit): Promise<Refusal | { readonly outcome: SubmitOutcome }>;
  /** A client says how far a task is. */
  progressed(client: Client, taskId: string, steps: TaskSteps): void;
  /** How far tasks are, as clients say. */
  readonly taskProgress: Pick<TaskProgressNotes, "of" | "speedOf">;
  /** The device cannot do the task. */
  declineTask(client: Client, taskId: string, reason: string): Refusal | null;
  /** A task was sent and not acknowledged: it is sent again, unless the client says that it does not host the device. */
  notAcknowledged(taskId: string, connectionId: string, isForeign: boolean): void;
  /** A hello or a registration on this connection is answered: hands the client every open task of its devices that it has not got there. */
  deliverTo(client: Client, connection: Connection): void;
  /** How far clients had something to do since it was last asked for, or since the first step opened. */
  takeClientSeconds(): ClientSeconds;
  /** How long the tasks of the step took, of devices whose client said what its machine can do. */
  taskTimes(): readonly DeviceTime[];
  /** The client leaves, and what is kept of it and its devices is deleted (P-127). */
  withdraw(client: Client): Withdrawn;
  /** The step that is over missed its quorum: nothing of it counts. */
  missed(): void;
  /** No step can be planned. */
  waits(): void;
  stop(): void;
}

/** A pool that goes on from what was journalled. */
export function createPool(ports: PoolPorts): Pool {
  const { config, clock, runId, journal } = ports;
  const current: CurrentStep = { step: null, numOpened: 0 };
  const occupancy = createOccupancy(clock, () => occupation(current, members));
  const changes = createChanges(() => {
    if (current.step?.isOver === false) occupancy.changed();
    delivery.changed();
    ports.onChange();
  });
  holdStates(ports);
  const members = createRoster(rosterPorts(ports, current, changes.tell));
  const taskProgress = createTaskProgress({ current, members, clock }, () => {
    delivery.changed();
    ports.onProgress();
  });
  const onTaskChange = () => {
    occupancy.changed();
    delivery.changed();
  };
  const onArrival = () => {
    closeIfEnough(current.step);
    onTaskChange();
  };
  const acceptance = createAcceptance({ ...ports, onTaskChange: onArrival }, members);
  const device = journal.contents()?.devices.find(({ deviceId }) => deviceId === computeDeviceId) ?? null;
  const computeDesk = createComputeDesk({ ...ports, current, token: ports.computeToken, device, onTaskChange: ports.onChange });
  const delivery: Delivery = createDelivery({ ...ports, onTaskChange }, members, current);
  function shut(step: OpenStep | null): void {
    if (step === null) return;
    delivery.late(step);
    closeStep(step);
  }

  return {
    members,
    computeDesk,
    keepsStates: canMoveDevices(config),
    roster: () => plannedFrom(members.list(), config),
    whenRosterChanges: changes.next,
    open(plan, deadlineMs) {
      const { payloads, accepted } = ports.published(plan);
      shut(current.step);
      const step = openStep(plan, { runId, payloads, now: clock.now() });
      endTakenBack(step, journal.contents()?.takenBack ?? null);
      current.step = step;
      current.numOpened += 1;
      for (const contribution of accepted) acceptance.restore(step, contribution);
      closeIfEnough(step);
      if (ports.wasCutShort(plan)) cutShort(step);
      const cancelDeadline = startDeadline(step, deadlineMs, clock, () => shut(step));
      ports.onOpened(step);
      occupancy.changed();
      return {
        takenBack: () => step.takenBack,
        isCutShort: () => step.isCutShort,
        perform: (task) => (isComputeKind(task.spec.kind) ? computeDesk : delivery).perform(step, task),
        close() {
          cancelDeadline();
          shut(step);
        },
      };
    },
    step: () => current.step,
    cuttable: () => cuttable(current, config),
    cutShort: () => cutShort(current.step),
    accepted: (deviceIds) => acceptedOf(current.step, deviceIds),
    counted: (contributions) => noteCounted(members, contributions),
    async submit(client, submission) {
      const answer = await acceptance.submit(current.step, client, submission);
      if ("outcome" in answer && answer.outcome === "accepted") delivery.accepted(client);
      ports.onChange();
      return answer;
    },
    taskProgress,
    progressed: taskProgress.said,
    declineTask(client, taskId, reason) {
      const refusal = delivery.decline(client, taskId, reason);
      if (refusal === null) ports.onChange();
      return refusal;
    },
    notAcknowledged(taskId, connectionId, isForeign) {
      delivery.notAcknowledged(taskId, connectionId, isForeign);
      computeDesk.notAcknowledged(taskId, connectionId);
    },
    deliverTo: delivery.deliverTo,
    ...takingBack({ ports, members, current }, changes.tell),
    takeClientSeconds: occupancy.take,
    taskTimes: () => taskTimes(current.step, members.list(), placeOf(ports)),
    waits: occupancy.pause,
    stop() {
      delivery.stop();
      computeDesk.stop();
      members.stop();
    },
  };
}

/** Helper devices rest as people come. */
function plannedFrom(devices: readonly Device[], { run: { helpers } }: PoolPorts["config"]): readonly Device[] {
  return helpers === undefined ? devices : withoutResting(devices, helpers.fillTo);
}

/** Accepted contributions in device order. */
function acceptedOf(step: OpenStep | null, deviceIds: readonly DeviceId[]): Contribution[] {
  const known = deviceIds.map((deviceId) => step?.byDevice.get(deviceId)?.accepted?.contribution);
  return known.flatMap((contribution) => contribution ?? []).sort((a, b) => a.deviceId - b.deviceId);
}

/** A device that was reset has contributed since: what the server keeps for it counts again. */
function noteCounted({ homes }: Roster, contributions: readonly Contribution[]): void {
  for (const { deviceId, wasReset } of contributions) {
    const device = wasReset === true ? homes.get(deviceId) : null;
    if (device !== null) homes.save({ ...device, wasReset: false });
  }
}

/** Contributions that do not count after all. */
function takingBack(
  { ports, members, current }: { readonly ports: PoolPorts; readonly members: Roster; readonly current: CurrentStep },
  onChange: () => void,
): Pick<Pool, "withdraw" | "missed"> {
  return {
    withdraw(client) {
      const withdrawn = withdraw(client, { ports, members, step: current.step });
      onChange();
      return withdrawn;
    },
    missed() {
      if (current.step !== null) current.step.isMissed = true;
    },
  };
}

/** What of a run decides how long its tasks take. */
function placeOf({ config, tuned }: PoolPorts): Parameters<typeof taskTimes>[2] {
  return { run: config.run, shape: tuned.shape, tokensPerText: tokensPerTextOf(config.run.strategy) };
}

/** What clients and tasks are doing now. */
function occupation({ step }: CurrentStep, { client, counts, homes }: Roster): Occupation {
  // One pass over the leases alone: a round of a thousand devices asks several times for each of them.
  const now = { tasks: 0, open: 0 };
  const holders = new Set<string>();
  for (const { state, holder, task } of step?.leases.values() ?? []) {
    if (isComputeKind(task.spec.kind)) continue;
    now.tasks += 1;
    if (state !== "open") continue;
    now.open += 1;
    if (holder !== null && holder === homes.get(task.deviceId)?.clientKey) holders.add(holder);
  }
  let holding = 0;
  for (const key of holders) {
    const holder = client(key);
    if (holder !== null && works(holder)) holding += 1;
  }
  return { ...now, present: counts().numWorking, holding };
}

/** Tells whoever waits for the roster's next change, then `onChange`. */
function createChanges(onChange: () => void) {
  let next = deferred<void>();
  return {
    next: () => next.promise,
    tell() {
      const told = next;
      next = deferred();
      told.resolve();
      onChange();
    },
  };
}

/** Device states that an earlier process kept can be fetched again. */
function holdStates({ journal, blobs }: PoolPorts): void {
  const contents = journal.contents();
  for (const { deviceId, stateSha256 } of contents?.devices ?? []) {
    const bytes = stateSha256 === null ? undefined : contents?.blobs.get(stateSha256);
    if (bytes !== undefined) blobs.hold(stateHolder(deviceId), bytes);
  }
}

function rosterPorts(ports: PoolPorts, current: CurrentStep, onChange: () => void): RosterPorts {
  const { config, runId, clock, journal, blobs, tuned } = ports;
  const contents = journal.contents();
  const rules = { run: config.run, tuned, backend: config.backend };
  const leaseOf = (deviceId: DeviceId) => current.step?.byDevice.get(deviceId);
  return {
    config,
    runId,
    clock,
    baseFor: (hello) => baseFor(hello, rules),
    devices: (contents?.devices ?? []).filter(({ deviceId }) => deviceId !== computeDeviceId),
    clients: contents?.clients ?? [],
    saveDevice: (device) => journal.putDevice(device),
    saveClient: (client) => journal.putClient(client),
    removeClient: (clientKey) => journal.removeClient(clientKey),
    hostToken: ports.hostToken,
    helperToken: ports.helperToken,
    dropState: (deviceId) => blobs.keepOnly(stateHolder(deviceId), new Set()),
    shareSize: (share) => ports.shareSizes?.[share] ?? null,
    isOpenTask: (taskId) => isOpenLease(current.step, current.step?.leases.get(taskId)),
    isBusy: (deviceId) => isOpenLease(current.step, leaseOf(deviceId)),
    leasedExamples(deviceId) {
      const lease = leaseOf(deviceId);
      return isOpenLease(current.step, lease) ? (lease?.task.expects.numExamples ?? null) : null;
    },
    stateBlob(sha256) {
      const bytes = blobs.get(sha256);
      return bytes === null ? null : { sha256, numBytes: bytes.length };
    },
    onChange,
    onPending(taskId, { clientKey }) {
      const lease = current.step?.leases.get(taskId);
      if (lease?.state === "open") lease.holder = clientKey;
    },
    onReset: ports.onReset,
    onLate: ports.onLate,
    onLost(deviceId) {
      const lease = leaseOf(deviceId);
      if (lease?.state === "open") lease.end({ kind: "left" });
    },
  };
}

/** A deadline on the coordinator's uptime. Returns what cancels it. */
function startDeadline(step: OpenStep, deadlineMs: number | null, clock: Clock, onPassed: () => void): () => void {
  if (deadlineMs === null) return () => undefined;
  step.deadlineAt = clock.now() + deadlineMs;
  return clock.after(deadlineMs, onPassed);
}
