import type { DeviceId } from "@tutti/core";
import type { DeviceSource, Trainer, TrainerSetup } from "@tutti/model";
import { type DeviceDecision, limits, type TaskLease, type Welcome } from "@tutti/protocol";
import type { Blobs } from "./blobs.ts";
import type { CoordinatorLink } from "./coordinatorLink.ts";
import type { DeviceStore } from "./deviceStore.ts";
import { createDevices } from "./devices.ts";
import type { SessionEvent } from "./events.ts";
import { createGate } from "./gate.ts";
import { createLeaseWork } from "./leaseWork.ts";
import { createLoader } from "./loader.ts";
import { messageOf } from "./messageOf.ts";
import { createRegistration } from "./registration.ts";
import { createSubmitter } from "./submitter.ts";
import { createTaskQueue, type TaskQueue } from "./taskQueue.ts";
import type { TrafficCounter } from "./trafficCount.ts";

/** What a client's part in a run is made of. */
export interface ParticipationOptions {
  readonly runId: string;
  readonly setup: TrainerSetup;
  readonly trainer: Trainer;
  readonly store: DeviceStore;
  readonly blobs: Blobs;
  readonly coordinator: CoordinatorLink;
  /** The examples of a device that holds this share of the partition. */
  readonly sourceOf: (share: number) => DeviceSource;
  readonly emit: (event: SessionEvent) => void;
  readonly onSent: (numBytes: number) => void;
  readonly onTrained: TrafficCounter["trained"];
}

/**
 * A client's part in one run: its devices, its trainer, its tasks; it outlives connections. `enter`, `assign` and `moved` change who lives here in
 * the order in which they are called, whatever each has to wait for.
 */
export interface Participation {
  readonly runId: string;
  readonly queue: Pick<TaskQueue, "dropSuperseded" | "giveBack">;
  /** Takes a lease; false where the device does not live here. */
  take(lease: TaskLease): boolean;
  /** After each hello: takes over the decisions, sends what is pending, gets ready, registers. */
  enter(welcome: Welcome): Promise<void>;
  assign(decisions: readonly DeviceDecision[]): Promise<void>;
  /** Devices that live elsewhere from now on. */
  moved(deviceIds: readonly DeviceId[]): Promise<void>;
  /** The client's own examples are others now. */
  renew(): Promise<void>;
  /** Forgets every device, in the store as well. */
  forgetAll(): Promise<void>;
  /** The connection is gone: submissions wait for the next `enter`. */
  suspend(): void;
  /** The part is over: aborts what runs. */
  stop(): void;
}

const loadingEveryMs = 5000;

/** A part that has not entered yet. */
export function createParticipation(options: ParticipationOptions): Participation {
  const { runId, setup, trainer, store, blobs, coordinator, emit, onSent, onTrained } = options;
  const life = new AbortController();
  const { signal } = life;
  const online = createGate();
  let keepsStates = false;
  const onDecision = ({ deviceId, decision }: DeviceDecision) => emit({ kind: "decision", deviceId, decision });
  const declineState = async (deviceId: DeviceId, version: string, reason: string) => {
    const answer = await coordinator.call("declineState", { deviceId, version, reason: reason.slice(0, limits.maxReason) });
    return answer.ok;
  };
  const devices = createDevices({ runId, store, blobs, onDecision, declineState });
  const sourceOf = (deviceId: DeviceId) => options.sourceOf(devices.shareOf(deviceId));
  const onAdvance = atMostEvery(loadingEveryMs, coordinator.tellLoading);
  const loader = createLoader({ setup, trainer, emit, sourceOf, onAdvance }, signal);
  const registration = createRegistration({ devices, loader, coordinator, emit }, signal);
  const submit = createSubmitter({ devices, coordinator, online, onSent }, signal);
  const ports = { devices, blobs, trainer, coordinator, submit, keepsStates: () => keepsStates, emit, onTrained };
  const { work, sendPending } = createLeaseWork(ports, signal);
  const queue = createTaskQueue(work);
  const unsent = (detail: string) => emit({ kind: "problem", message: detail, problem: { kind: "unsent", detail } });
  return {
    runId,
    queue,
    take(lease) {
      const isHere = devices.ids().includes(lease.deviceId);
      if (isHere) queue.add(lease);
      return isHere;
    },
    async enter(welcome) {
      keepsStates = welcome.keepsStates;
      queue.clearWaiting();
      await devices.applyWhole(welcome.devices);
      online.open();
      void sendPending(queue.running()).catch((error: unknown) => signal.aborted || unsent(messageOf(error)));
      await registration.register();
    },
    async assign(decisions) {
      const ids = decisions.map(({ deviceId }) => deviceId);
      const taken = devices.applyNew(decisions);
      await Promise.all([taken, registration.prepare(ids)]);
      await registration.registerNew(ids);
    },
    async moved(deviceIds) {
      await devices.forget(deviceIds);
      registration.tellReady();
    },
    renew: registration.renew,
    forgetAll: () => devices.applyWhole([]),
    suspend: online.close,
    stop() {
      life.abort();
      queue.stop();
    },
  };
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
