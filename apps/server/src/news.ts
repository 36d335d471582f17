import type { Clock } from "./pool/clock.ts";
import { createThrottle, type Throttle } from "./throttle.ts";

/** What changed: a step began, was repeated, or the run is over; who is there while the run waits; something that only a dashboard shows; how far tasks are. */
export type Change = "step" | "waiting" | "detail" | "progress";

/** Who is told of changes. */
export interface Audience {
  /** The coordinator's own listeners and its journal. */
  tellListeners(): void;
  /** A status to every socket that only watches. */
  tellSpectators(): void;
  /** A status to every client. */
  tellMembers(): void;
  /** What has changed, to everybody who reads the live feed. */
  tellWatchers(): void;
  numSpectators(): number;
  numWatchers(): number;
  numMembers(): number;
}

/** Tells everyone what changed, each as often as it needs. */
export interface News {
  /** From now on there is somebody to tell. */
  start(audience: Audience): void;
  changed(change: Change): void;
  stop(): void;
}

const periodMs = 250;

/** Of all statuses together while nothing but the number of those present changes: then what a join costs does not grow with them. */
const msPerStatus = 5;

/** Listeners, and the journal, are told what every connection has carried: a look at all of them, at a pace that leaves time for what they carry. */
const msPerLook = 0.5;

/** Clients at work hear of each step once; those that wait, and spectators, at a pace that leaves time for everyone. */
export function createNews(clock: Clock): News {
  let present: Telling | null = null;
  return {
    start(audience) {
      present = startTelling(clock, audience);
    },
    changed(change) {
      if (present === null) return;
      const { audience, listeners, spectators, watchers, members } = present;
      watchers.request();
      if (change === "progress") return;
      // Every status costs clients bytes: they hear of a step once, and at best when its tasks have left, so that it counts them.
      if (change === "step") setImmediate(audience.tellMembers);
      if (change === "waiting") members.request();
      spectators.request();
      listeners.request();
    },
    stop() {
      if (present === null) return;
      for (const throttle of [present.listeners, present.spectators, present.watchers, present.members]) throttle.stop();
    },
  };
}

interface Telling {
  readonly audience: Audience;
  readonly listeners: Throttle;
  readonly spectators: Throttle;
  readonly watchers: Throttle;
  readonly members: Throttle;
}

function startTelling(clock: Clock, audience: Audience): Telling {
  const paced = (count: () => number) => () => Math.max(periodMs, msPerStatus * count());
  const numConnected = () => audience.numMembers() + audience.numSpectators();
  return {
    audience,
    listeners: createThrottle(clock, () => Math.max(periodMs, msPerLook * numConnected()), audience.tellListeners),
    spectators: createThrottle(clock, paced(audience.numSpectators), audience.tellSpectators),
    watchers: createThrottle(clock, paced(audience.numWatchers), audience.tellWatchers),
    members: createThrottle(clock, paced(audience.numMembers), audience.tellMembers),
  };
}
