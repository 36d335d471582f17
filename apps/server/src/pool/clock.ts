/** Time as the pool needs it; handed in, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since some fixed moment, never going back. */
  now(): number;
  /** Calls `action` after `delayMs`, unless the returned function was called before. */
  after(delayMs: number, action: () => void): () => void;
}

/** The process's own uptime. A timer that is still open keeps no process alive: a coordinator that serves is kept alive by its sockets. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
