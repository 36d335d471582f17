import type { Clock } from "./pool/clock.ts";

/** Something that is done soon after it was asked for, and not too often. */
export interface Throttle {
  request(): void;
  stop(): void;
}

/** Calls `act` at most once per period, which may be another one each time: soon after the first request, and again while there are more. */
export function createThrottle(clock: Clock, periodMs: () => number, act: () => void): Throttle {
  let isWaiting = false;
  let isStopped = false;
  let lastAt = Number.NEGATIVE_INFINITY;
  let cancel: () => void = () => undefined;
  return {
    request() {
      if (isWaiting || isStopped) return;
      isWaiting = true;
      cancel = clock.after(Math.max(0, lastAt + periodMs() - clock.now()), () => {
        isWaiting = false;
        lastAt = clock.now();
        act();
      });
    },
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
