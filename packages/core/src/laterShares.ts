import type { Random } from "./random.ts";

/**
 * The share that the device gets which asks for one as number `ordinal`, counted from 0: the first get share 0, 1, … of the partition in turn;
 * later ones get one that is held already, each share once in every `numShares` of them, in an order that follows from the run's seed.
 */
export function shareOf(ordinal: number, numShares: number, random: Random): number {
  const turn = Math.floor(ordinal / numShares);
  const place = ordinal % numShares;
  if (turn === 0) return place;
  const shares = Array.from({ length: numShares }, (_, share) => share);
  return random.stream({ round: turn, purpose: "later shares" }).shuffle(shares)[place];
}
