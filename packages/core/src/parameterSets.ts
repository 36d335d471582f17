import type { Params } from "./params.ts";
import type { ParameterSets, PlannedTask, RoundPlan } from "./task.ts";

/** The same names with other values. */
export function mapParameterSets<T, U>(sets: ParameterSets<T>, change: (set: T, name: string) => U): ParameterSets<U> {
  return Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, change(set, name)]));
}

/** A task's sets in full; throws where the plan lacks a payload that the task refers to. */
export function taskParams({ payloads }: Pick<RoundPlan, "payloads">, task: PlannedTask): ParameterSets<Params> {
  return mapParameterSets(task.parameterSets, (index, name) => {
    const payload = payloads[index];
    if (payload === undefined) {
      throw new Error(`device ${task.deviceId}: its set ${name} is payload ${index}, but the plan has ${payloads.length}, numbered from 0`);
    }
    return payload;
  });
}
