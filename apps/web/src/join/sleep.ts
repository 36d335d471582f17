/** What watching the clock needs of the page. */
export interface SleepPorts {
  /** Milliseconds since 1970: it goes on while the computer sleeps. */
  now(): number;
  isHidden(): boolean;
  /** Calls `act` again and again; answers how to stop. */
  every(ms: number, act: () => void): () => void;
  onSlept(ms: number): void;
}

const tickMs = 2000;
/** Ticks of a hidden page come once a minute. */
const gapMs = { shown: 15_000, hidden: 150_000 };

/** Notices that the clock made a leap: the computer slept, or the browser stopped the page. Answers how to stop watching. */
export function watchSleep({ now, isHidden, every, onSlept }: SleepPorts): () => void {
  let lastMs = now();
  let wasHidden = isHidden();
  return every(tickMs, () => {
    const nowMs = now();
    const gap = nowMs - lastMs;
    const limit = wasHidden || isHidden() ? gapMs.hidden : gapMs.shown;
    lastMs = nowMs;
    wasHidden = isHidden();
    if (gap > limit) onSlept(gap);
  });
}
