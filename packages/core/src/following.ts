import type { RunSettings } from "./run.ts";

/** Settings that follow another one: they are never above it unless somebody asks for that, which is then refused. */
const leaders = { cohortSize: "numDevices", minDevices: "numDevices" } as const;

/** A setting that follows another one. */
export type Follower = keyof typeof leaders;

/** The settings that follow another one. */
export const followers = Object.keys(leaders) as readonly Follower[];

/**
 * What followers nobody asked for are: what `base` has, or what they follow where that is less. The same for every source of settings, so that fewer
 * devices mean the same in a file, in flags, in a preset and on an axis. `settings` may be anything yet: what is no number changes nothing.
 */
export function followed(
  settings: Readonly<Partial<Record<keyof RunSettings, unknown>>>,
  base: Pick<RunSettings, Follower>,
  isAsked: (name: Follower) => boolean,
): Partial<Record<Follower, number>> {
  return Object.fromEntries(
    followers.flatMap((name) => {
      const leader = settings[leaders[name]];
      return isAsked(name) || typeof leader !== "number" ? [] : [[name, Math.min(base[name], leader)]];
    }),
  );
}
