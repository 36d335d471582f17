import type { ClientSeconds } from "@tutti/record";
import type { Clock } from "./clock.ts";

/** Clients and tasks at one moment. */
export interface Occupation {
  /** Clients that take tasks now. */
  readonly present: number;
  /** Clients that were handed a task and have not sent its contribution. */
  readonly holding: number;
  /** Tasks of the open step, or of the last one. */
  readonly tasks: number;
  /** Tasks that are not done. */
  readonly open: number;
}

/** Adds up how many clients hold a task, over time. */
export interface Occupancy {
  /** Something has changed: the time until the next change counts with what holds from now on. */
  changed(): void;
  /** Nobody is waited for while nothing can be planned: that time does not count. */
  pause(): void;
  /** What has been added up since it was last taken. */
  take(): ClientSeconds;
}

const nothing: ClientSeconds = { holding: 0, open: 0, possible: 0, present: 0 };

/** An occupancy that begins paused. */
export function createOccupancy({ now }: Pick<Clock, "now">, look: () => Occupation): Occupancy {
  let total = nothing;
  let last: { readonly at: number; readonly seen: Occupation } | null = null;

  function addUp(): void {
    if (last === null) return;
    const { at, seen } = last;
    const seconds = (now() - at) / 1000;
    total = {
      holding: total.holding + seconds * seen.holding,
      open: total.open + seconds * Math.min(seen.present, seen.open),
      possible: total.possible + seconds * Math.min(seen.present, seen.tasks),
      present: total.present + seconds * seen.present,
    };
  }

  function changed(): void {
    addUp();
    last = { at: now(), seen: look() };
  }

  return {
    changed,
    pause() {
      addUp();
      last = null;
    },
    take() {
      changed();
      const taken = total;
      total = nothing;
      return taken;
    },
  };
}
