import { settingLimits } from "./settings/limits.ts";
import type { DeviceId, TaskKind } from "./task.ts";

/** Whom a plan gives the tasks of a compute client to: an id that no roster deals, since devices are numbered below the limit. */
export const computeDeviceId: DeviceId = settingLimits.maxDevices;

/** What a compute client does and no device. */
const computeKinds: ReadonlySet<TaskKind> = new Set<TaskKind>(["logits", "distil", "answers"]);

/** Whether a task is a compute client's. */
export function isComputeKind(kind: TaskKind): boolean {
  return computeKinds.has(kind);
}

/** Whether a contribution of this kind carries tensors. */
export function carriesTensors(kind: TaskKind): kind is "train" | "search" | "perturb" | "distil" {
  return kind === "train" || kind === "search" || kind === "perturb" || kind === "distil";
}
