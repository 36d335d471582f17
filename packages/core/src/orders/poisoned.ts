import { type Params, scale } from "../params.ts";
import type { Random } from "../random.ts";
import type { Contribution, Device, DeviceId, PlannedTask } from "../task.ts";

/** What counts of a contribution: where its task is part of the lesson on poisoning, its update turned round and made larger. */
export function poisoned(contribution: Contribution, { poison }: Pick<PlannedTask, "poison">): Contribution {
  const { body } = contribution;
  if (poison === undefined || body.kind !== "train") return contribution;
  return { ...contribution, body: { ...body, delta: turned(body.delta, poison) } };
}

function turned(delta: Params, factor: number): Params {
  return scale(delta, -factor);
}

/** The devices that a lesson on poisoning is about: drawn by the run's seed and the order's number from those that are there. */
export function drawPoisoned(
  roster: readonly Device[],
  count: number,
  { random, number }: { readonly random: Random; readonly number: number },
): DeviceId[] {
  const here = roster.filter(({ isConnected, hasLeft }) => isConnected && hasLeft !== true).map(({ id }) => id);
  const order = random.stream({ round: number, purpose: "poisoned" }).shuffle(here.sort((a, b) => a - b));
  return order.slice(0, count).sort((a, b) => a - b);
}
