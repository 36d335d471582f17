import { type Params, scale } from "../params.ts";
import type { Random } from "../random.ts";
import type { Contribution, DeviceId, PlannedTask } from "../task.ts";

/** What counts of a contribution: where its task is part of the lesson on poisoning, its update turned round and made larger. */
export function poisoned(contribution: Contribution, { poison }: Pick<PlannedTask, "poison">): Contribution {
  const { body } = contribution;
  if (poison === undefined || body.kind !== "train") return contribution;
  return { ...contribution, body: { ...body, delta: turned(body.delta, poison) } };
}

function turned(delta: Params, factor: number): Params {
  return scale(delta, -factor);
}

/**
 * The devices that a lesson on poisoning is about, of those that can be: each has a place drawn by the run's seed and the order's number, which others that
 * come do not change.
 */
export function drawPoisoned(
  deviceIds: readonly DeviceId[],
  count: number,
  { random, number }: { readonly random: Random; readonly number: number },
): DeviceId[] {
  const places = deviceIds.map((device) => ({ device, place: random.stream({ round: number, device, purpose: "poisoned" }).uniform() }));
  const first = places.sort((a, b) => a.place - b.place).slice(0, count);
  return first.map(({ device }) => device).sort((a, b) => a - b);
}

/** How much larger than what it learnt a poisoned device's update is, where the order does not say: so that one of them outweighs the rest of its cohort. */
export function poisonFactor(cohortSize: number): number {
  return Math.max(5, cohortSize);
}
