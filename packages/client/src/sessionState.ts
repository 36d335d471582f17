import type { Deferred } from "@tutti/core";
import type { ClientIdentity } from "@tutti/protocol";
import type { Blobs, Fetch } from "./blobs.ts";
import type { SessionEnd, SessionEvent } from "./events.ts";
import type { Hosting, JoinOptions, MachineClaim } from "./joinOptions.ts";
import { CannotTakePart } from "./loader.ts";
import type { Participation } from "./participation.ts";
import type { ReconnectingSocket } from "./reconnectingSocket.ts";
import type { TrafficCounter } from "./trafficCount.ts";

/** What a session is made of; connections come and go underneath. */
export interface Session {
  readonly options: JoinOptions;
  readonly identity: ClientIdentity;
  /** Aborted when the session ends. */
  readonly life: AbortController;
  readonly ended: Deferred<SessionEnd>;
  readonly socket: ReconnectingSocket;
  readonly fetch: Fetch;
  readonly blobs: Blobs;
  readonly traffic: TrafficCounter;
  emit(event: SessionEvent): void;
  /** Whose examples; its own may become others. */
  hosting: Hosting | undefined;
  /** The part in the run of the last welcome. */
  part: Participation | null;
  /** The run whose devices hello lists; null where it must be asked for. */
  runId: string | null;
  /** Whether that run plans for each client, as far as it is known. */
  plans: boolean;
  /** What is claimed of the machine, once it was asked; undefined where nothing is. */
  claim: Promise<MachineClaim | undefined> | null;
  isPaused: boolean;
  /** Calls off that the running task is given back because of a pause. */
  keepTask: () => void;
  /** Whether the coordinator said goodbye and has not answered since. */
  isStopped: boolean;
  /** Hellos whose welcome is on its way, or is being taken over. */
  numGreetings: number;
  /** Changes of who lives here that came meanwhile: the welcome comes first. */
  early: ((part: Participation) => Promise<void>)[];
}

/** Ends a session, once. */
export function endSession(session: Session, end: SessionEnd): void {
  const { life, part, options, emit, ended } = session;
  if (life.signal.aborted) return;
  life.abort();
  session.keepTask();
  part?.stop();
  void options.trainer.stop().catch(() => undefined);
  emit({ kind: "ended", end });
  ended.resolve(end);
}

/** Ends a session that cannot go on. */
export function failSession(session: Session, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const isSaid = error instanceof CannotTakePart;
  const why = isSaid ? error.why : ({ kind: "broken", detail: message } as const);
  endSession(session, { reason: "failed", message: isSaid ? message : `Something went wrong here: ${message}`, why });
}
