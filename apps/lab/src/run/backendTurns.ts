import { deferred } from "@tutti/core";

/** Lets one run at a time find out what the pool computes on, until one has. */
export interface BackendTurns {
  /** Waits for the runs that came before, unless it is known; returns what ends this run's turn, which may be called again. */
  take(): Promise<() => void>;
}

/** Turns that nobody waits for any more once the backend is known. A run whose turn ends without an answer leaves the question to the next. */
export function createBackendTurns(isKnown: () => boolean): BackendTurns {
  let last: Promise<void> = Promise.resolve();
  return {
    async take() {
      const before = last;
      const mine = deferred<void>();
      last = mine.promise;
      await before;
      if (isKnown()) mine.resolve();
      return () => mine.resolve();
    },
  };
}
