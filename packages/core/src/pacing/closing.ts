import type { DeviceId, RoundPlan } from "../task.ts";

/** What decides when a step closes. */
export type ClosingRule = Pick<RoundPlan, "closesAt" | "optional"> & {
  readonly tasks: readonly { readonly deviceId: DeviceId }[];
};

/** The devices that a step waits for. */
export function awaited({ tasks, optional = [] }: ClosingRule): readonly DeviceId[] {
  const spare = new Set(optional);
  return tasks.map(({ deviceId }) => deviceId).filter((id) => !spare.has(id));
}

/** How many contributions a step would like to have. */
export function wantedContributions(rule: ClosingRule): number {
  const { tasks, closesAt } = rule;
  if (closesAt !== undefined) return Math.min(closesAt, tasks.length);
  return awaited(rule).length === 0 ? tasks.length : awaited(rule).length;
}

/** Whether a step may close with the contributions of these devices: there are as many as it wants, and among them those of everybody it waits for, or as many of them as it wants. */
export function isEnough(rule: ClosingRule, contributed: ReadonlySet<DeviceId>): boolean {
  const wanted = wantedContributions(rule);
  const expected = awaited(rule);
  const numExpected = expected.filter((id) => contributed.has(id)).length;
  return contributed.size >= wanted && numExpected >= Math.min(wanted, expected.length);
}
