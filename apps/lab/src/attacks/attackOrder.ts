import type { DeviceId, RunSettings } from "@tutti/core";
import { findTask, numClassesOf } from "@tutti/data";
import type { AttackPlan } from "@tutti/record";
import { attackersOf } from "./attackers.ts";

/** What the clients of a run are told of an attack; it survives being sent to a process. */
export interface AttackOrder {
  readonly plan: AttackPlan;
  /** In ascending order. */
  readonly attackers: readonly DeviceId[];
  /** S, the devices of a round. */
  readonly cohortSize: number;
  readonly numClasses: number;
}

/** The order of a run's attack. */
export function attackOrder(plan: AttackPlan, { numDevices, cohortSize, task }: RunSettings): AttackOrder {
  return { plan, attackers: attackersOf(plan, numDevices), cohortSize, numClasses: numClassesOf(findTask(task)) ?? 0 };
}
