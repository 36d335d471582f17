import type { TorturePart } from "./part.ts";

/** The parts of `npm run torture`, in the order in which they run; each is loaded when it begins. */
export const tortureParts = {
  doors: async (place) => (await import("./doors.ts")).tortureDoors(place),
  places: async (place) => (await import("./places.ts")).torturePlaces(place),
  claims: async (place) => (await import("./claims.ts")).tortureClaims(place),
  rules: async (place) => (await import("./rules.ts")).tortureRules(place),
  connections: async (place) => (await import("./connections.ts")).tortureConnections(place),
  faults: async (place) => (await import("./faults.ts")).tortureFaults(place),
  fuzz: async (place) => (await import("./fuzz.ts")).tortureFuzz(place),
} satisfies Readonly<Record<string, TorturePart>>;

/** A part's name. */
export type TortureName = keyof typeof tortureParts;

/** All names, in order. */
export const tortureNames = Object.keys(tortureParts) as readonly TortureName[];
