import { deferred, type RunSettings } from "@tutti/core";
import type { Pool } from "./pool/pool.ts";
import type { Said } from "./runEvents.ts";

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
  readonly pool: Pick<Pool, "members" | "roster" | "whenRosterChanges">;
  readonly beginning: Beginning;
}

/** What the status says while devices gather. */
type Gathering = Pick<Said, "message" | "said">;

const firstPerson: Gathering = { message: "the run begins when the first person joins", said: [{ kind: "firstPerson" }] };

function gathering(count: number, needed: number): Gathering {
  const message = `${count} of ${needed} devices have registered; the operator can start the run earlier`;
  return { message, said: [{ kind: "gathering", count, needed }] };
}

/** Waits until an open roster has enough devices or is told to begin; says what it waits for, each time that somebody comes or goes. */
export async function* whenReady({ run, pool, beginning }: StartSources, signal: AbortSignal): AsyncGenerator<Gathering, void, void> {
  const { homes } = pool.members;
  // helpers wait for a person, whoever else is there
  const numReady = () => (run.helpers === undefined ? homes.numRegistered : pool.roster().length);
  while (run.roster === "open" && !beginning.hasBegun && !signal.aborted && numReady() < run.minDevices) {
    const changed = pool.whenRosterChanges(); // before anything is awaited: a change from here on is not missed
    yield run.helpers !== undefined && numReady() === 0 ? firstPerson : gathering(numReady(), run.minDevices);
    await Promise.race([changed, beginning.whenBegun]);
  }
}
