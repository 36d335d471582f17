import type { DeviceId } from "@tutti/core";
import type { Clock } from "./clock.ts";
import type { Client } from "./members.ts";
import type { CurrentStep } from "./openStep.ts";
import type { Roster } from "./roster.ts";

/** How far a task is, as its client says. */
export interface TaskSteps {
  readonly step: number;
  readonly numSteps: number;
}

/** How far tasks are, and how fast devices take their steps. */
export interface TaskProgressNotes {
  /** A client says how far a task is; of a task that is not open it is not heard. */
  said(client: Client, taskId: string, steps: TaskSteps): void;
  /** Null for a task of which nothing was said. */
  of(taskId: string): TaskSteps | null;
  /** Steps a second of the device's latest task that told of two moments; null before. */
  speedOf(deviceId: DeviceId): number | null;
}

/** Between two messages that come closer the clock says more of the network than of the device. */
const minSeconds = 0.05;

/** More than any device takes: what a client says is a claim. */
const maxSpeed = 100_000;

/** Where tasks and their devices are found. */
export interface ProgressPlace {
  readonly current: CurrentStep;
  readonly members: Pick<Roster, "homes">;
  readonly clock: Clock;
}

/** Notes of what clients say with `progress` (P-35). */
export function createTaskProgress({ current, members, clock }: ProgressPlace, onNoted: () => void): TaskProgressNotes {
  const noted = new Map<string, TaskSteps & { readonly since: { readonly at: number; readonly step: number } }>();
  let of = current.step;
  const speeds = new Map<DeviceId, number>();

  function note(taskId: string, deviceId: DeviceId, { step, numSteps }: TaskSteps): void {
    const at = clock.now();
    const before = noted.get(taskId);
    const isNew = before === undefined || step < before.step; // a device that moved starts its task again
    const since = isNew ? { at, step } : before.since;
    noted.set(taskId, { step: Math.min(step, numSteps), numSteps, since });
    const seconds = (at - since.at) / 1000;
    if (seconds >= minSeconds && step > since.step) speeds.set(deviceId, Math.min(maxSpeed, (step - since.step) / seconds));
  }

  return {
    said(client, taskId, steps) {
      const lease = current.step?.leases.get(taskId);
      if (lease?.state !== "open") return;
      const { deviceId } = lease.task;
      if (of !== current.step) noted.clear(); // what was said of earlier tasks is over
      of = current.step;
      client.progress = { fraction: Math.min(1, steps.step / steps.numSteps), at: clock.now() };
      if (members.homes.get(deviceId)?.clientKey === client.clientKey) note(taskId, deviceId, steps); // of another's task it says nothing
      onNoted();
    },
    of: (taskId) => noted.get(taskId) ?? null,
    speedOf: (deviceId) => speeds.get(deviceId) ?? null,
  };
}
