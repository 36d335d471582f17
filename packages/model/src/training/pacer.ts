/** Time as a pacer sees it. */
export interface PaceClock {
  /** Milliseconds. */
  now(): number;
  /** Resolves after the time, or earlier when `wake` resolves. */
  wait(ms: number, wake: Promise<void>): Promise<void>;
}

/** Keeps computing to a share of the time, by resting between steps. One task is under way at a time. */
export interface Pacer {
  /** Share of the time that computing may take, at most 1; at 0 it stands still between two steps until another share is set. */
  setShare(share: number): void;
  /** A task begins: rests what is owed of the one before. */
  begin(): Promise<void>;
  /** Between two steps. */
  rest(): Promise<void>;
  /** The task has ended. */
  end(): void;
  /** Ends a rest at once, as when the task is aborted. */
  wake(): void;
  /** Seconds of computing so far. */
  busySeconds(): number;
}

/** A rest shorter than this is owed until more has come together: timers are not more exact. */
const leastRestMs = 20;

/** A pacer that lets computing go on all the time. */
export function createPacer(clock: PaceClock = realClock): Pacer {
  let share = 1;
  let owedMs = 0;
  let markMs = clock.now();
  let busyMs = 0;
  let isWoken = false;
  let wake: () => void = () => undefined;

  async function pay(): Promise<void> {
    isWoken = false;
    while (!isWoken && (share === 0 || owedMs >= leastRestMs)) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const fromMs = clock.now();
      await clock.wait(share === 0 ? Number.POSITIVE_INFINITY : owedMs, woken);
      owedMs = Math.max(0, owedMs - (clock.now() - fromMs));
    }
    markMs = clock.now();
  }

  function account(): void {
    const workedMs = clock.now() - markMs;
    busyMs += workedMs;
    if (share > 0) owedMs += workedMs * (1 / share - 1);
    markMs = clock.now();
  }

  return {
    setShare(next) {
      if (next === share) return;
      share = next;
      owedMs = 0;
      wake();
    },
    begin() {
      owedMs = Math.max(0, owedMs - (clock.now() - markMs)); // what passed between two tasks was rest
      return pay();
    },
    async rest() {
      account();
      if (share < 1) await pay();
    },
    end: account,
    wake() {
      isWoken = true;
      wake();
    },
    busySeconds: () => busyMs / 1000,
  };
}

const realClock: PaceClock = {
  now: () => performance.now(),
  async wait(ms, wake) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = Number.isFinite(ms)
      ? new Promise<void>((resolve) => {
          timer = setTimeout(resolve, ms);
        })
      : wake;
    await Promise.race([over, wake]);
    clearTimeout(timer);
  },
};
