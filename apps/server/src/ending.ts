import { type Deferred, deferred } from "@tutti/core";
import type { RunOutcome } from "./liveRun.ts";

/** How a coordinator ends. */
export interface Ending {
  /** Stops the rounds. */
  readonly abort: AbortController;
  readonly done: Deferred<RunOutcome>;
  readonly closed: Deferred<void>;
  /** Set by whoever closes it first. */
  closing: Promise<void> | null;
}

/** Of a coordinator that nobody has closed. */
export function createEnding(): Ending {
  const ending: Ending = { abort: new AbortController(), done: deferred(), closed: deferred(), closing: null };
  ending.done.promise.catch(() => undefined);
  ending.closed.promise.catch(() => undefined);
  return ending;
}
