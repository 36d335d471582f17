import { deferred, type RunSettings } from "@tutti/core";
import type { Pool } from "./pool/pool.ts";

/** The operator's word that an open roster may begin. */
export interface Beginning {
  readonly hasBegun: boolean;
  begin(): void;
  /** Resolves when `hasBegun` is set. */
  readonly whenBegun: Promise<void>;
}

/** A beginning that was not ordered yet. */
export function createBeginning(): Beginning {
  const begun = deferred<void>();
  let hasBegun = false;
  return {
    get hasBegun() {
      return hasBegun;
    },
    begin() {
      hasBegun = true;
      begun.resolve();
    },
    whenBegun: begun.promise,
  };
}

/** What decides whether a run may begin. */
export interface StartSources {
  readonly run: RunSettings;
  readonly pool: Pick<Pool, "members" | "whenRosterChanges">;
  readonly beginning: Beginning;
}

/** Waits until an open roster has enough devices or is told to begin; says what it waits for, each time that somebody comes or goes. */
export async function* whenReady({ run, pool, beginning }: StartSources, signal: AbortSignal): AsyncGenerator<string, void, void> {
  const { homes } = pool.members;
  while (run.roster === "open" && !beginning.hasBegun && !signal.aborted && homes.numRegistered < run.minDevices) {
    const changed = pool.whenRosterChanges(); // before anything is awaited: a change from here on is not missed
    yield `${homes.numRegistered} of ${run.minDevices} devices have registered; the operator may begin sooner`;
    await Promise.race([changed, beginning.whenBegun]);
  }
}
