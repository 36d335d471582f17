import type { Device } from "./task.ts";

/**
 * The devices that a plan may ask, where helper devices fill a run up to `fillTo` devices: the helpers with the lowest numbers train, as many as people's
 * devices are missing, and the others rest. Without a person's device that is there, all helpers rest.
 */
export function withoutResting(roster: readonly Device[], fillTo: number): readonly Device[] {
  const numPeople = roster.filter((device) => device.isHelper !== true && isHere(device)).length;
  let numMissing = numPeople === 0 ? 0 : Math.max(0, fillTo - numPeople);
  return roster.filter((device) => {
    if (device.isHelper !== true) return true;
    if (numMissing === 0 || !isHere(device)) return false;
    numMissing -= 1;
    return true;
  });
}

function isHere({ isConnected, hasLeft }: Device): boolean {
  return isConnected && hasLeft !== true;
}
