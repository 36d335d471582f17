/** Rounds that a figure has room for: all of a run's, but in a long run 20 at first, then 32, 64 and on as they fill. */
export function shownRounds(numRounds: number, latest: number): number {
  const room = Math.max(20, 2 ** Math.ceil(Math.log2(Math.max(1, latest) + 1)));
  return Math.max(latest, Math.min(numRounds, room));
}
