import type { Clock } from "./pool/clock.ts";
import { createThrottle } from "./throttle.ts";

/** What changed: a step began, was repeated, or the run is over; who is there while the run waits; or something that only a dashboard shows. */
export type Change = "step" | "waiting" | "detail";

/** What telling of changes needs. */
export interface NewsPorts {
  readonly clock: Clock;
  /** The coordinator's own listeners and its journal. */
  tellListeners(): void;
  /** A status to every socket that only watches. */
  tellSpectators(): void;
  /** A status to every client. */
  tellMembers(): void;
  numSpectators(): number;
  numMembers(): number;
}

/** Tells everyone what changed, each as often as it needs. */
export interface News {
  changed(change: Change): void;
  stop(): void;
}

const periodMs = 250;

/** Of all statuses together while nothing but the number of those present changes: then what a join costs does not grow with them. */
const msPerStatus = 5;

/** Clients at work hear of each step once; those that wait, and spectators, at a pace that leaves time for everyone. */
export function createNews(ports: NewsPorts): News {
  const { clock } = ports;
  const paced = (count: () => number) => () => Math.max(periodMs, msPerStatus * count());
  const listeners = createThrottle(clock, () => periodMs, ports.tellListeners);
  const spectators = createThrottle(clock, paced(ports.numSpectators), ports.tellSpectators);
  const members = createThrottle(clock, paced(ports.numMembers), ports.tellMembers);
  return {
    changed(change) {
      // Clients hear of a step when its tasks have left: every status costs them bytes.
      if (change === "step") setImmediate(ports.tellMembers);
      if (change === "waiting") members.request();
      spectators.request();
      listeners.request();
    },
    stop() {
      for (const throttle of [listeners, spectators, members]) throttle.stop();
    },
  };
}
