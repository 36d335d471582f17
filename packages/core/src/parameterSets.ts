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

/** The name of a part of what is frozen, numbered from 0 (SPEC.md, P-240). */
export function frozenSetName(part: number): string {
  return `frozen/${part}`;
}

/** Whether a parameter set is a part of what is frozen. */
export function isFrozenSet(name: string): boolean {
  return /^frozen\/\d+$/.test(name);
}

/** What a task's device uses and does not train, whether it is one set or several. */
export function frozenOf(sets: ParameterSets<Params>): Params {
  const parts = Object.entries(sets).flatMap(([name, params]) => (isFrozenSet(name) ? [params] : []));
  return Object.assign({}, sets.frozen, ...parts);
}
