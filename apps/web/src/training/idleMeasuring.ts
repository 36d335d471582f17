import type { BackendChoice } from "@tutti/model";

/** A worker that measures backends and nothing else. */
export interface Measuring {
  /** Null where nothing that was measured should be kept. */
  readonly result: Promise<BackendChoice | null>;
  close(): void;
}

/** What measuring in the background needs. */
export interface IdleMeasuringOptions {
  /** Whether it is still to be done: another tab may have measured meanwhile. */
  isDue(): boolean;
  open(): Measuring;
  /** Calls `act` after a time; answers how to call it off. */
  after(ms: number, act: () => void): () => void;
  onMeasured(choice: BackendChoice): void;
}

/** Measures once, while nothing computes here. */
export interface IdleMeasuring {
  /** Work begins: what is being measured now would say little, and would slow the work down. It is begun again in the next rest. */
  begin(): void;
  rest(): void;
  close(): void;
}

/** So long a tab must have rested; between two tasks of a round it rests for less. */
const restMs = 5_000;

/** A measurement for the next start of this browser; it changes nothing for this one. The tab rests now. */
export function measureWhenIdle({ isDue, open, after, onMeasured }: IdleMeasuringOptions): IdleMeasuring {
  let isOver = false;
  let callOff = (): void => undefined;

  function measure(): void {
    isOver = !isDue();
    if (isOver) return;
    const measuring = open();
    let isCalledOff = false;
    callOff = () => {
      isCalledOff = true;
      measuring.close();
    };
    const end = (choice: BackendChoice | null): void => {
      if (isCalledOff) return;
      isOver = true;
      measuring.close();
      if (choice !== null) onMeasured(choice);
    };
    measuring.result.then(end, () => end(null));
  }

  const stop = (): void => {
    callOff();
    callOff = () => undefined;
  };
  const rest = (): void => {
    stop();
    if (!isOver) callOff = after(restMs, measure);
  };
  rest();
  return {
    begin: stop,
    rest,
    close() {
      isOver = true;
      stop();
    },
  };
}
