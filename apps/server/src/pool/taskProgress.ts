import type { DeviceId } from "@tutti/core";
import type { Clock } from "./clock.ts";

/** How far a task is, as its client says. */
export interface TaskSteps {
  readonly step: number;
  readonly numSteps: number;
}

/** How far tasks are, and how fast devices take their steps. */
export interface TaskProgressNotes {
  note(taskId: string, deviceId: DeviceId, steps: TaskSteps): void;
  /** Null for a task of which nothing was said. */
  of(taskId: string): TaskSteps | null;
  /** Steps a second of the device's latest task that told of two moments; null before. */
  speedOf(deviceId: DeviceId): number | null;
  /** A step has opened: what was said of the tasks before is over. */
  clear(): void;
}

/** Between two messages that come closer the clock says more of the network than of the device. */
const minSeconds = 0.05;

/** More than any device takes: what a client says is a claim. */
const maxSpeed = 100_000;

/** Notes of what clients say with `progress` (P-35); nothing is decided by them. */
export function createTaskProgress(clock: Clock): TaskProgressNotes {
  const noted = new Map<string, TaskSteps & { readonly since: { readonly at: number; readonly step: number } }>();
  const speeds = new Map<DeviceId, number>();
  return {
    note(taskId, deviceId, { step, numSteps }) {
      const at = clock.now();
      const before = noted.get(taskId);
      const isNew = before === undefined || step < before.step; // a device that moved starts its task again
      const since = isNew ? { at, step } : before.since;
      noted.set(taskId, { step: Math.min(step, numSteps), numSteps, since });
      const seconds = (at - since.at) / 1000;
      if (seconds >= minSeconds && step > since.step) speeds.set(deviceId, Math.min(maxSpeed, (step - since.step) / seconds));
    },
    of: (taskId) => noted.get(taskId) ?? null,
    speedOf: (deviceId) => speeds.get(deviceId) ?? null,
    clear: () => noted.clear(),
  };
}
