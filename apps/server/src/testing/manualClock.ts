import type { Clock } from "../pool/clock.ts";

/** A clock that a test moves by hand. */
export interface ManualClock extends Clock {
  /** Lets so much time pass and calls what falls due, in order. */
  advance(elapsedMs: number): void;
}

/** A clock that stands still until it is advanced. */
export function manualClock(): ManualClock {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly action: () => void }>();
  return {
    now: () => now,
    after(delayMs, action) {
      const timer = { at: now + delayMs, action };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(elapsedMs) {
      const end = now + elapsedMs;
      for (;;) {
        const [next] = [...timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.action();
      }
      now = end;
    },
  };
}
