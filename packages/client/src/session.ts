import { deferred } from "@tutti/core";
import type { Example } from "@tutti/data";
import { clientIdentity, type Receipt, type Withdrawn } from "@tutti/protocol";
import { coordinatorFolder } from "./address.ts";
import { createBlobs, type Fetch } from "./blobs.ts";
import type { SessionEnd } from "./events.ts";
import { beginConnection } from "./greeting.ts";
import type { JoinOptions } from "./joinOptions.ts";
import { openReconnectingSocket, type SocketListeners } from "./reconnectingSocket.ts";
import { sessionHandlers } from "./sessionHandlers.ts";
import { endSession, failSession, type Session } from "./sessionState.ts";
import { throttledTrainer } from "./throttledTrainer.ts";
import { countTraffic } from "./trafficCount.ts";

/** How a client rests. */
export interface PauseOptions {
  readonly giveBackAfterMs?: number;
}

/** A client's part in a run, from joining to the end. */
export interface ClientSession {
  /**
   * Finishes what was begun, then rests until `resume`: the coordinator gives no further tasks (P-34). With `giveBackAfterMs` the task at hand is
   * declined when the client still rests after that time, so that no step waits for it.
   */
  pause(options?: PauseOptions): void;
  resume(): void;
  /** Looks at once whether the coordinator still answers, as after a sleep, and connects again where it does not. */
  checkConnection(): void;
  /** What the run confirms of this client's contributions (P-165); null where the coordinator does not answer. */
  receipt(): Promise<Receipt | null>;
  /**
   * Takes other examples in place of this client's own: the coordinator plans with their number from the next plan on, and a task that is out goes on
   * with those that it was for (P-14). Rejects where the client trains shares of the run's examples, or the examples cannot be used.
   */
  changeExamples(examples: readonly Example[]): Promise<void>;
  /** Tells the coordinator, then ends; the devices' states stay in the store. */
  leave(): Promise<void>;
  /**
   * Has everything deleted that the coordinator keeps of this client, and the devices in the store, then ends (P-127). Resolves with what was deleted
   * and what stays; null where the coordinator does not answer, and then the session goes on.
   */
  leaveAndDelete(): Promise<Withdrawn | null>;
  /** Resolves once, when the session is over; never rejects. */
  readonly whenEnded: Promise<SessionEnd>;
}

/** Joins the coordinator's run and takes part until the session ends; connections come and go underneath. */
export function joinRun(given: JoinOptions): ClientSession {
  const { simulated, trainer } = given;
  const options = simulated === undefined ? given : { ...given, trainer: throttledTrainer(trainer, simulated) };
  const session = createSession(options);
  const { socket, life, emit } = session;
  emit({ kind: "connection", state: "connecting" });
  if (session.isPaused) emit({ kind: "paused", isPaused: true });
  socket.connect(listenersOf(session));
  if (options.signal?.aborted) endSession(session, { reason: "left" });
  options.signal?.addEventListener("abort", () => endSession(session, { reason: "left" }), { once: true, signal: life.signal });
  return {
    pause: (pausing) => rest(session, true, pausing),
    resume: () => rest(session, false),
    checkConnection: socket.check,
    receipt: () => receiptOf(session),
    changeExamples: (examples) => changeExamples(session, examples),
    async leave() {
      if (socket.isConnected()) await socket.call("leave", {}).catch(() => undefined);
      endSession(session, { reason: "left" });
    },
    leaveAndDelete: () => leaveAndDelete(session),
    whenEnded: session.ended.promise,
  };
}

async function changeExamples(session: Session, examples: readonly Example[]): Promise<void> {
  if (session.hosting?.kind !== "own") throw new Error("this client trains a share of the run's examples: join with examples of your own");
  if (examples.length === 0) throw new Error("a client that brings its examples needs at least one: leave the run instead");
  session.hosting = { kind: "own", examples };
  await session.part?.renew();
}

async function leaveAndDelete(session: Session): Promise<Withdrawn | null> {
  const { socket, part, emit } = session;
  // What is submitted from here on would be refused, and answered by another hello.
  part?.suspend();
  const answer = socket.isConnected() ? await socket.call("withdraw", {}).catch(() => null) : null;
  if (answer?.ok !== true) {
    const why = answer === null ? "the coordinator does not answer" : `${answer.rule}: ${answer.message}`;
    const problem = { kind: "notDeleted", rule: answer?.rule ?? null } as const;
    emit({ kind: "problem", message: `Nothing was deleted (${why}). Try again when the coordinator answers.`, problem });
    if (socket.isConnected()) socket.greetAgain();
    return null;
  }
  part?.stop();
  await part?.forgetAll();
  endSession(session, { reason: "left", deleted: answer.value });
  return answer.value;
}

function createSession(options: JoinOptions): Session {
  const { url, socketOptions } = options;
  const life = new AbortController();
  const emit = options.onEvent ?? (() => undefined);
  const traffic = countTraffic(emit);
  const fetchBlob: Fetch = options.fetch ?? ((address, init) => fetch(address, init));
  return {
    options,
    identity: clientIdentity(options.clientKey),
    life,
    ended: deferred<SessionEnd>(),
    socket: openReconnectingSocket(url, socketOptions, life.signal),
    fetch: fetchBlob,
    blobs: createBlobs({ folder: coordinatorFolder(url), fetch: fetchBlob, onReceived: traffic.received }),
    traffic,
    emit,
    hosting: options.hosting,
    part: null,
    runId: null,
    plans: false,
    claim: null,
    isPaused: options.isPaused ?? false,
    keepTask: () => undefined,
    isStopped: false,
    numGreetings: 0,
    early: [],
  };
}

function listenersOf(session: Session): SocketListeners {
  const { emit } = session;
  return {
    handlers: sessionHandlers(session),
    onConnected: () => beginConnection(session),
    onLost() {
      session.part?.suspend();
      emit({ kind: "connection", state: session.isStopped ? "stopped" : "retrying" });
    },
    onRefused(name, rule, message) {
      if (rule !== "P-31")
        emit({
          kind: "problem",
          message: `The coordinator sent a message that this page does not understand (${name}: ${message}). Reload the page.`,
          problem: { kind: "notUnderstood", detail: `${name}: ${message}` },
        });
    },
    onFault: (error) => failSession(session, error),
  };
}

function rest(session: Session, isPaused: boolean, { giveBackAfterMs }: PauseOptions = {}): void {
  const { socket, emit } = session;
  session.isPaused = isPaused;
  session.keepTask();
  if (isPaused && giveBackAfterMs !== undefined) {
    const timer = setTimeout(() => session.part?.queue.giveBack("its tab was paused"), giveBackAfterMs);
    session.keepTask = () => clearTimeout(timer);
  }
  emit({ kind: "paused", isPaused });
  if (socket.isConnected()) void socket.call("pause", { isPaused }).catch(() => undefined);
}

async function receiptOf({ socket }: Session): Promise<Receipt | null> {
  const answer = socket.isConnected() ? await socket.call("receipt", {}).catch(() => null) : null;
  return answer?.ok === true ? answer.value : null;
}
