import type { ConnectionState, CurrentTask, SessionEnd, SessionEvent, TrafficCount } from "@tutti/client";
import type { LoadProgress, StepProgress, TrainerReady } from "@tutti/model";
import type { Status, Welcome } from "@tutti/protocol";
import { words } from "../words/words.ts";

/** The one word for what the page shows; also `data-state` of the document. */
export type PageState =
  | "landing"
  | "connecting"
  | "unapproved"
  | "loading"
  | "waiting"
  | "training"
  | "pausing"
  | "paused"
  | "retrying"
  | "replaced"
  | "finished"
  | "left"
  | "reload"
  | "failed";

/** What the page's own parts add to the session's events: what a person should know for as long as the tab takes part. */
export type PageEvent = SessionEvent | { readonly kind: "notice"; readonly message: string };

/** Everything the page shows, derived from these events. */
export interface View {
  readonly hasJoined: boolean;
  /** Whether the tab joined with examples of the volunteer's own. */
  readonly hasOwn: boolean;
  /** Whether this browser keeps the tab's place through a reload. */
  readonly isKept: boolean;
  /** Sentences that hold for as long as the tab takes part, in the order in which they came. */
  readonly notices: readonly string[];
  readonly connection: "offline" | ConnectionState;
  readonly welcome: Welcome | null;
  readonly loading: LoadProgress | null;
  /** Of the present part of the loading, in milliseconds of `performance.now()`. */
  readonly loadingSinceMs: number;
  /** Of this moment, with the same clock. */
  readonly nowMs: number;
  readonly ready: TrainerReady | null;
  readonly deviceIds: readonly number[];
  readonly numExamples: number;
  readonly task: CurrentTask | null;
  readonly step: StepProgress | null;
  /** Losses of this tab's latest optimiser steps that it was told of, oldest first. */
  readonly losses: readonly number[];
  readonly numTasksDone: number;
  readonly traffic: TrafficCount;
  readonly isPaused: boolean;
  readonly status: Status | null;
  readonly problem: string | null;
  readonly end: SessionEnd | null;
}

const maxLosses = 240;

/** What the join page shows before anything has happened. */
export const emptyView: View = {
  hasJoined: false,
  hasOwn: false,
  isKept: true,
  notices: [],
  connection: "offline",
  welcome: null,
  loading: null,
  loadingSinceMs: 0,
  nowMs: 0,
  ready: null,
  deviceIds: [],
  numExamples: 0,
  task: null,
  step: null,
  losses: [],
  numTasksDone: 0,
  traffic: { sentBytes: 0, receivedBytes: 0, savedBytes: 0 },
  isPaused: false,
  status: null,
  problem: null,
  end: null,
};

/** The view after an event that happened at `nowMs` of `performance.now()`. */
export function nextView(view: View, event: PageEvent, nowMs: number): View {
  return changed({ ...view, nowMs }, event);
}

function changed(view: View, event: PageEvent): View {
  switch (event.kind) {
    case "notice":
      return view.notices.includes(event.message) ? view : { ...view, notices: [...view.notices, event.message] };
    case "connection":
      return { ...view, connection: event.state, problem: event.state === "online" ? null : view.problem };
    case "welcome":
      return { ...view, welcome: event.welcome, status: event.welcome.status };
    case "loading":
      if (isDownloading(view.loading) && besideDownload.includes(event.progress.phase)) return view;
      return {
        ...view,
        loading: event.progress,
        loadingSinceMs: view.loading?.phase === event.progress.phase ? view.loadingSinceMs : view.nowMs,
      };
    case "ready":
      return { ...view, loading: null, ready: event.ready, deviceIds: event.deviceIds, numExamples: event.numExamples };
    case "decision":
      return event.decision === "reset" ? { ...view, problem: words.notices.reset } : view;
    case "taskStarted":
      return { ...view, task: event.task, step: null };
    case "step":
      return {
        ...view,
        step: event.progress,
        losses: event.task.kind === "train" ? withLoss(view.losses, event.progress.loss) : view.losses,
      };
    case "taskEnded":
      return taskEnded(view, event.outcome === "accepted");
    case "traffic":
      return { ...view, traffic: event.traffic };
    case "paused":
      return { ...view, isPaused: event.isPaused };
    case "status":
      return { ...view, status: withWholeHistory(withPlans(event.status, view.status), view.status) };
    case "problem":
      return { ...view, problem: event.message };
    case "ended":
      return { ...view, end: event.end, task: null, step: null, connection: "offline" };
  }
}

/** What loads beside the language model, which takes longest. */
const besideDownload: readonly LoadProgress["phase"][] = ["backend", "dataset"];

function isDownloading(loading: LoadProgress | null): boolean {
  return loading?.phase === "backbone" && loading.doneBytes < loading.totalBytes;
}

/** Later statuses hold the latest points of the history: those before are known. */
function withWholeHistory(status: Status, known: Status | null): Status {
  const { historyStart = 0, history } = status;
  const knownStart = known?.historyStart ?? 0;
  if (known === null || known.runId !== status.runId || historyStart <= knownStart) return status;
  return { ...status, historyStart: knownStart, history: [...known.history.slice(0, historyStart - knownStart), ...history] };
}

/** Later statuses hold plans only when there are others. */
function withPlans(status: Status, known: Status | null): Status {
  const { plans, leftOut = [] } = known ?? {};
  return plans === undefined || status.plans !== undefined || known?.runId !== status.runId ? status : { ...status, plans, leftOut };
}

function taskEnded(view: View, isAccepted: boolean): View {
  const rested = { ...view, task: null, step: null };
  return isAccepted ? { ...rested, numTasksDone: view.numTasksDone + 1, problem: null } : rested;
}

/** Whether a first step was planned: the strategy's first stage is known before. */
export function hasBegun({ phase, round, history, layerScores }: Status): boolean {
  return phase !== "waiting" || round > 0 || history.length > 0 || layerScores !== null;
}

/** Bytes per second and seconds left of the download under way; null while too little has arrived to say. */
export function downloadPace({
  loading,
  loadingSinceMs,
  nowMs,
}: View): { readonly bytesPerSecond: number; readonly secondsLeft: number } | null {
  const seconds = (nowMs - loadingSinceMs) / 1000;
  if (loading === null || loading.totalBytes === 0 || loading.doneBytes === 0 || seconds < 0.5) return null;
  const bytesPerSecond = loading.doneBytes / seconds;
  return { bytesPerSecond, secondsLeft: (loading.totalBytes - loading.doneBytes) / bytesPerSecond };
}

function withLoss(losses: readonly number[], loss: number): readonly number[] {
  return Number.isFinite(loss) ? [...losses.slice(-(maxLosses - 1)), loss] : losses;
}

/** The word for a view. */
export function pageStateOf(view: View): PageState {
  if (view.end !== null) return stateAtEnd(view.end);
  if (!view.hasJoined) return "landing";
  if (view.connection === "retrying") return "retrying";
  if (view.connection === "unapproved") return "unapproved";
  if (view.status?.phase === "done") return "finished";
  if (view.welcome === null) return "connecting";
  if (view.ready === null) return "loading";
  if (view.isPaused) return view.task === null ? "paused" : "pausing";
  return view.task === null ? "waiting" : "training";
}

function stateAtEnd(end: SessionEnd): PageState {
  if (end.reason === "removed") return "failed";
  return end.reason === "closing" ? "retrying" : end.reason;
}
