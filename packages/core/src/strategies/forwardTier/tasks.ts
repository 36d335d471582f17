import type { Random } from "../../random.ts";
import type { Device, PlannedTask, RoundPlan } from "../../task.ts";
import { slopes } from "./estimate.ts";
import type { ForwardTierSettings } from "./settings.ts";

/** For which step a task is planned. */
export interface MeasuringStep extends Pick<RoundPlan, "stage" | "round" | "attempt"> {
  readonly random: Random;
}

/** A train task as a device gets it that computes forward passes alone; every other device's stays as it is. */
export function measuringTask(task: PlannedTask, device: Device, tier: ForwardTierSettings, step: MeasuringStep): PlannedTask {
  if (device.isForwardOnly !== true || task.spec.kind !== "train") return task;
  const { stage, round, attempt, random } = step;
  const seed = random.stream({ stage, round, attempt, device: device.id, purpose: "directions" }).uint32();
  const { numDirections } = tier;
  return {
    ...task,
    spec: { ...task.spec, forward: { seed, ...tier } },
    expects: { ...task.expects, shapes: { [slopes]: [numDirections] }, encoding: "f32" },
  };
}
