import { createRandom, type DeviceId } from "@tutti/core";
import type { AttackPlan } from "@tutti/record";

/**
 * The devices that attack, in ascending order: the first round(fraction · N) of a drawn order, so that the attackers of a smaller fraction attack in a
 * larger one too.
 */
export function attackersOf({ fraction, seed }: Pick<AttackPlan, "fraction" | "seed">, numDevices: number): readonly DeviceId[] {
  const devices = Array.from({ length: numDevices }, (_, deviceId) => deviceId);
  const drawn = createRandom(seed).stream({ purpose: "attackers" }).shuffle(devices);
  return drawn.slice(0, Math.round(fraction * numDevices)).sort((a, b) => a - b);
}
