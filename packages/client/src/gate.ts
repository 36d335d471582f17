/** Something that callers wait at while it is closed. */
export interface Gate {
  open(): void;
  close(): void;
  /** Resolves while the gate is open, at once or later; rejects when `signal` fires. */
  passed(signal: AbortSignal): Promise<void>;
}

/** A gate that begins closed. */
export function createGate(): Gate {
  let isOpen = false;
  let waiting: (() => void)[] = [];
  return {
    open() {
      isOpen = true;
      for (const go of waiting.splice(0)) go();
    },
    close() {
      isOpen = false;
    },
    passed: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        if (isOpen) return resolve();
        const stop = (): void => {
          waiting = waiting.filter((other) => other !== go);
          reject(signal.reason);
        };
        const go = (): void => {
          signal.removeEventListener("abort", stop);
          resolve();
        };
        waiting.push(go);
        signal.addEventListener("abort", stop, { once: true });
      }),
  };
}
