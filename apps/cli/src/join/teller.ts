import { type ConnectionState, type CurrentTask, noTraffic, type SessionEnd, type SessionEvent, type TrafficCount } from "@tutti/client";
import type { Status } from "@tutti/protocol";
import type { Progress } from "../progress.ts";
import { connectionTexts, endText, failureText, loadingText, readyText, resetText, taskText, waitingText } from "./sentences.ts";

/** Where lines go. */
export interface TellerPorts {
  /** Takes a line that stays. */
  print(line: string): void;
  readonly progress: Progress;
}

/** Tells a person what happens in a session. */
export interface Teller {
  onEvent(event: SessionEvent): void;
  /** Prints a line that stays. */
  say(line: string): void;
  /** Prints how the session ended; throws the reason where the client could not go on. */
  tellEnd(end: SessionEnd, runId: string, folder: string): void;
}

/** A teller that has seen nothing yet. */
export function createTeller({ print, progress }: TellerPorts): Teller {
  let traffic: TrafficCount = noTraffic;
  const done: Record<CurrentTask["kind"], number> = {
    score: 0,
    probe: 0,
    train: 0,
    evaluate: 0,
    search: 0,
    edit: 0,
    perturb: 0,
    logits: 0,
    distil: 0,
    answers: 0,
  };
  /** The task that goes on. */
  let current: CurrentTask | null = null;
  /** Whether its result has been sent; the run may be over before the answer is taken in. */
  let isSent = false;
  let status: Status | null = null;
  let isLost = false;
  let isUnapproved = false;
  let isOver = false;

  function say(line: string): void {
    progress.clear();
    print(line);
  }

  function wait(): void {
    if (status !== null) progress.note(waitingText(status, done));
  }

  function onConnection(state: ConnectionState): void {
    if (state === "unapproved" && !isUnapproved) say(connectionTexts.unapproved);
    isUnapproved = state === "unapproved";
    if (state === "retrying" && !isLost) say(connectionTexts.lost);
    if (state === "stopped" && !isLost) say(connectionTexts.stopped);
    if (state === "online" && isLost) say(connectionTexts.back);
    isLost = state === "retrying" || state === "stopped" || (isLost && state === "connecting");
  }

  function onEvent(event: SessionEvent): void {
    if (isOver) return; // a task that ends with the session is counted already
    switch (event.kind) {
      case "connection":
        onConnection(event.state);
        break;
      case "welcome":
        status = event.welcome.status;
        break;
      case "loading":
        progress.say(loadingText(event.progress));
        break;
      case "ready":
        say(readyText(event.ready, event.deviceIds, event.numExamples));
        wait();
        break;
      case "decision":
        if (event.decision === "reset") say(resetText);
        break;
      case "taskStarted":
        isSent = false;
        current = event.task;
        progress.say(taskText(event.task));
        break;
      case "taskEnded":
        isSent = false;
        if (event.outcome === "accepted") done[event.task.kind] += 1;
        wait();
        break;
      case "traffic":
        isSent ||= event.traffic.sentBytes > traffic.sentBytes;
        traffic = event.traffic;
        break;
      case "status":
        status = event.status;
        break;
      case "problem":
        say(event.message);
    }
  }

  return {
    onEvent,
    say,
    tellEnd(end, runId, folder) {
      isOver = true;
      progress.clear();
      if (isSent && current !== null) done[current.kind] += 1;
      const text = endText(end, { runId, done, traffic });
      if (text === null) throw new Error(failureText(end, folder));
      print(text);
    },
  };
}
