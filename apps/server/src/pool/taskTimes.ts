import { type Device, type PlannedIn, plannedSeconds } from "@tutti/core";
import type { DeviceTime } from "@tutti/record";
import type { OpenStep } from "./openStep.ts";

/**
 * How long the tasks of a step that trains took, beside what is expected of the machines that clients claim to have: in device order, of those whose
 * machine is known and whose task this process sent.
 */
export function taskTimes(step: OpenStep | null, roster: readonly Device[], place: PlannedIn): DeviceTime[] {
  const machines = new Map(roster.map(({ id, machine }) => [id, machine]));
  const times = [...(step?.leases.values() ?? [])].flatMap(({ task, sentAt, arrivedAt }): DeviceTime[] => {
    const machine = machines.get(task.deviceId);
    if (machine === undefined || sentAt === null || arrivedAt === null) return [];
    const planned = plannedSeconds(task, machine, place);
    if (planned === null) return [];
    return [{ deviceId: task.deviceId, seconds: toMs(arrivedAt - sentAt), plannedSeconds: toMs(1000 * planned) }];
  });
  return times.sort((a, b) => a.deviceId - b.deviceId);
}

/** Seconds to the millisecond. */
function toMs(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
