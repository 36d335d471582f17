import type { RunConditions } from "./settings/runConditions.ts";

/** Settings that follow others where they are not given. */
export const followers = ["maxDevices", "cohortSize", "minDevices"] as const;

/** A setting that follows another one. */
export type Follower = (typeof followers)[number];

/**
 * The values of followers that are not given. Cohort and start are those of `base`, or as many as there can be devices where that is less: `numDevices` of a
 * fixed roster, `maxDevices` of an open one, which has room for one device a share at least. The same for every source of settings, so that fewer
 * devices mean the same in a file, in flags, in a preset and on an axis. `settings` may be anything yet: what is not a number of devices changes nothing.
 */
export function followed(
  settings: Readonly<Partial<Record<keyof RunConditions, unknown>>>,
  base: Pick<RunConditions, Follower>,
  isAsked: (name: Follower) => boolean,
): Partial<Record<Follower, number>> {
  const { numDevices, roster } = settings;
  const hasRoom = roster === "open" && !isAsked("maxDevices") && isCount(numDevices);
  const room = hasRoom ? { maxDevices: Math.max(base.maxDevices, numDevices) } : {};
  const most = roster === "open" ? { ...settings, ...room }.maxDevices : numDevices;
  if (!isCount(most)) return room;
  const within = (["cohortSize", "minDevices"] as const).filter((name) => !isAsked(name)).map((name) => [name, Math.min(base[name], most)]);
  return { ...room, ...Object.fromEntries(within) };
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0;
}
