import { type DeviceId, isComputeKind, type PlannedTask, type TaskOutcome } from "@tutti/core";
import { type Refusal, refuse } from "@tutti/protocol";
import type { CoordinatorConfig } from "../config.ts";
import { createResending } from "../limits/resending.ts";
import type { Clock } from "./clock.ts";
import { type Client, type Connection, placesTasks } from "./members.ts";
import { type CurrentStep, isHeldBy, isOpenLease, type Lease, leaseMessage, type OpenStep } from "./openStep.ts";
import { createPlacing } from "./placing.ts";
import type { Roster } from "./roster.ts";

/** What handing tasks out needs of its surroundings. */
export interface DeliveryPorts {
  readonly config: CoordinatorConfig;
  readonly clock: Clock;
  /** A task has left, or ended without a contribution. */
  onTaskChange(): void;
  /** A task that names these blobs goes to a client, perhaps once more. */
  onHandedOut(clientKey: string, sha256s: readonly string[]): void;
  /** A lease that was not acknowledged is sent again (P-144). */
  onResent(): void;
}

/** Takes tasks to the connections that their devices are reached on, each once per connection. */
export interface Delivery {
  /** Hands a task of this step to its device; resolves when its lease ends. */
  perform(step: OpenStep, task: PlannedTask): Promise<TaskOutcome>;
  /** Hands a client every open task of its devices that it has not got on this connection; where tasks are placed, those that it holds. */
  deliverTo(client: Client, connection: Connection): void;
  /** A task was sent and not acknowledged: it is sent again after a pause, three times at most, unless the client says that it does not host the device. */
  notAcknowledged(taskId: string, connectionId: string, isForeign: boolean): void;
  /** The device cannot do the task. */
  decline(client: Client, taskId: string, reason: string): Refusal | null;
  /** Something has changed that decides which client does a waiting task. */
  changed(): void;
  /** A contribution of this client's was accepted. */
  accepted(client: Client): void;
  /** The step is over for its open tasks. */
  late(step: OpenStep): void;
  /** No task leaves any more. */
  stop(): void;
}

/** Delivery of the open step's tasks. */
export function createDelivery(ports: DeliveryPorts, members: Roster, current: CurrentStep): Delivery {
  const { homes } = members;
  let isStopped = false;
  const { maxPerClient } = ports.config;
  const placing = placesTasks(ports.config)
    ? createPlacing({
        clock: ports.clock,
        current,
        members,
        maxPerClient,
        takesBack: ports.config.run.backoff !== undefined,
        handOut: deliver,
      })
    : null;
  const resending = createResending(ports.clock, ports.onResent);
  const hostOf = ({ task }: Lease): Client | null => members.client(homes.get(task.deviceId)?.clientKey ?? "");

  function deliver(lease: Lease): void {
    const { step } = current;
    const connection = members.connectionOf(lease.task.deviceId);
    if (step === null || connection === null || lease.sentOn === connection.id || !isOpenLease(step, lease)) return;
    lease.sentOn = connection.id;
    const holder = homes.get(lease.task.deviceId)?.clientKey ?? null;
    lease.sentAt = ports.clock.now();
    if (lease.holder !== holder) lease.handedAt = lease.sentAt;
    lease.holder = holder;
    const message = leaseMessage(step, lease, lease.sentAt);
    const blobs = Object.values(message.parameterSets).map(({ sha256 }) => sha256);
    ports.onHandedOut(homes.get(lease.task.deviceId)?.clientKey ?? "", blobs);
    connection.task(message);
    ports.onTaskChange();
  }

  /** The client is there and does not do the task. */
  function giveUp(lease: Lease, outcome: TaskOutcome): void {
    placing?.doubt(hostOf(lease));
    lease.end(outcome);
    ports.onTaskChange();
    members.settled(lease.task.deviceId);
  }

  return {
    async perform(step, { deviceId }) {
      const lease = step.byDevice.get(deviceId);
      if (lease === undefined) throw new Error(`device ${deviceId} has no task in this step`);
      if (lease.state !== "open") return lease.outcome;
      members.settled(deviceId);
      if (isGone(members, deviceId)) lease.end({ kind: "left" });
      lease.isWanted = true;
      if (placing === null) deliver(lease);
      else placing.soon();
      return lease.outcome;
    },
    deliverTo(client, connection) {
      // Another connection of this client's waits for its own answer.
      if (isStopped || client.connection !== connection) return;
      if (!connection.isWelcomed) members.welcomed(client);
      for (const { deviceId } of homes.devicesOf(client.clientKey)) {
        const lease = current.step?.byDevice.get(deviceId);
        if (lease !== undefined && (placing === null || isHeldBy(lease, client))) deliver(lease);
      }
      placing?.soon();
    },
    notAcknowledged(taskId, connectionId, isForeign) {
      const lease = current.step?.leases.get(taskId);
      if (lease?.state !== "open" || lease.sentOn !== connectionId || isComputeKind(lease.task.spec.kind)) return;
      if (isForeign) return giveUp(lease, { kind: "left" });
      const { holder } = lease;
      resending.failed(
        { taskId, holder },
        {
          send() {
            if (lease.sentOn !== connectionId || lease.holder !== holder) return; // it went elsewhere meanwhile
            lease.sentOn = null;
            deliver(lease);
          },
          giveUp: () => giveUp(lease, { kind: "declined", reason: "the task was not acknowledged" }),
        },
      );
    },
    decline(client, taskId, reason) {
      const lease = current.step?.leases.get(taskId);
      if (lease?.state !== "open") return null;
      const isHost = homes.get(lease.task.deviceId)?.clientKey === client.clientKey;
      if (!isHost) return refuse("P-43", `task ${taskId} was not leased to this client`);
      giveUp(lease, { kind: "declined", reason });
      return null;
    },
    changed: () => placing?.soon(),
    accepted(client) {
      placing?.trust(client);
      members.answered(client, true);
    },
    late(step) {
      resending.forget();
      for (const lease of step.leases.values()) {
        const host = hostOf(lease);
        if (host === null || !isOpenLease(step, lease) || !isHeldBy(lease, host)) continue;
        placing?.doubt(host);
        members.answered(host, false);
      }
    },
    stop() {
      resending.forget();
      placing?.stop();
      isStopped = true;
    },
  };
}

/** Whether nobody hosts the device and nobody is expected to. */
function isGone({ homes, client }: Roster, deviceId: DeviceId): boolean {
  const key = homes.get(deviceId)?.clientKey ?? null;
  return key === null || client(key)?.isGone !== false;
}
