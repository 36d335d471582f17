import { type ConnectionState, type CurrentTask, noTraffic, type SessionEnd, type SessionEvent, type TrafficCount } from "@tutti/client";
import type { Stage } from "@tutti/core";
import type { LoadProgress, StepProgress, TrainerReady } from "@tutti/model";
import type { Receipt, ReceiptEntry, Status, Welcome } from "@tutti/protocol";
import { problemText } from "../saying/problems.ts";
import { ours, type Text } from "../saying/text.ts";
import type { LostWorker } from "../training/healingTrainer.ts";
import { words } from "../words/words.ts";
import type { CalmLine } from "./calm.ts";
import type { BatteryDrain } from "./energy.ts";
import type { RestReason } from "./resting.ts";

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
  | "stopped"
  | "replaced"
  | "finished"
  | "left"
  | "reload"
  | "failed";

/** Something that went wrong here and was mended. */
export interface Incident {
  readonly kind: "slept" | "online" | "workerRestarted" | "cameBackPaused";
  /** Milliseconds since 1970. */
  readonly at: number;
  /** How long it took, where that is known. */
  readonly seconds: number | null;
  /** Where a worker was started again: what stopped. */
  readonly lost: LostWorker | null;
}

/** An accepted contribution of this tab. */
export type MyContribution = Pick<ReceiptEntry, "taskId" | "deviceId" | "stage" | "round" | "kind" | "at" | "numBytes">;

/** The tab's training losses of one round. */
export interface RoundLoss {
  readonly stage: Stage;
  readonly round: number;
  readonly sum: number;
  readonly count: number;
}

/** What the page's own parts add to the session's events. */
export type PageEvent =
  | SessionEvent
  /** What a person should know for as long as the tab takes part. */
  | { readonly kind: "notice"; readonly message: string }
  | { readonly kind: "incident"; readonly incident: Incident }
  | { readonly kind: "receipt"; readonly receipt: Receipt }
  /** Why the tab rests; null for not at all. `isHeld`: the task at hand stands still meanwhile. */
  | { readonly kind: "rest"; readonly reason: RestReason | null; readonly isHeld: boolean }
  /** The worker has computed for so long. */
  | { readonly kind: "computed"; readonly seconds: number }
  /** Another worker computes from here on. */
  | { readonly kind: "restarted"; readonly ready: TrainerReady }
  | { readonly kind: "battery"; readonly drain: BatteryDrain | null };

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
  /** Of this tab's training, oldest first. */
  readonly losses: readonly RoundLoss[];
  readonly numTasksDone: number;
  /** In the order in which they were accepted. */
  readonly contributions: readonly MyContribution[];
  /** Accepted ones before the first of the list. */
  readonly numEarlier: number;
  /** Of those whose bytes are known. */
  readonly earlierBytes: number;
  readonly incidents: readonly Incident[];
  readonly rest: RestReason | null;
  readonly isHeld: boolean;
  readonly busySeconds: number;
  readonly drain: BatteryDrain | null;
  /** The headline, which stays for a while. */
  readonly calm: CalmLine | null;
  readonly traffic: TrafficCount;
  readonly isPaused: boolean;
  readonly status: Status | null;
  readonly problem: Text | null;
  readonly end: SessionEnd | null;
}

const maxIncidents = 5;

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
  contributions: [],
  numEarlier: 0,
  earlierBytes: 0,
  incidents: [],
  rest: null,
  isHeld: false,
  busySeconds: 0,
  drain: null,
  calm: null,
  traffic: noTraffic,
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
      return event.decision === "reset" ? { ...view, problem: ours(words.notices.reset) } : view;
    case "taskStarted":
      return { ...view, task: event.task, step: null };
    case "step":
      return {
        ...view,
        step: event.progress,
        losses: event.task.kind === "train" ? withLoss(view.losses, event.task, event.progress.loss) : view.losses,
      };
    case "taskEnded":
      return taskEnded(view, event);
    case "incident":
      return { ...view, incidents: [...view.incidents, event.incident].slice(-maxIncidents) };
    case "receipt":
      return withReceipt(view, event.receipt);
    case "rest":
      return { ...view, rest: event.reason, isHeld: event.isHeld };
    case "computed":
      return { ...view, busySeconds: view.busySeconds + event.seconds };
    case "restarted":
      return { ...view, ready: event.ready };
    case "battery":
      return { ...view, drain: event.drain };
    case "traffic":
      return { ...view, traffic: event.traffic };
    case "paused":
      return { ...view, isPaused: event.isPaused };
    case "status":
      return { ...view, status: withWholeHistory(withPlans(event.status, view.status), view.status) };
    case "problem":
      return { ...view, problem: problemText(event.problem, event.message) };
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

function taskEnded(view: View, { task, outcome, numBytes }: SessionEvent & { readonly kind: "taskEnded" }): View {
  const rested = { ...view, task: null, step: null };
  if (outcome !== "accepted") return rested;
  const { taskId, deviceId, stage, round, kind } = task;
  const at = Math.round(performance.timeOrigin + view.nowMs);
  const contributions = [...view.contributions, { taskId, deviceId, stage, round, kind, at, numBytes }];
  return { ...withLatest({ ...rested, contributions }), numTasksDone: view.numTasksDone + 1, problem: null };
}

/** Contributions that the page lists; of older ones it keeps their number and bytes, and the receipt has each. */
export const maxListed = 500;

function withLatest(view: View): View {
  const earlier = view.contributions.slice(0, -maxListed);
  if (earlier.length === 0) return view;
  return {
    ...view,
    contributions: view.contributions.slice(-maxListed),
    numEarlier: view.numEarlier + earlier.length,
    earlierBytes: earlier.reduce((sum, { numBytes }) => sum + numBytes, view.earlierBytes),
  };
}

/** What the coordinator has accepted, and behind it what was accepted here since it said so. */
function withReceipt(view: View, { contributions, numEarlier }: Receipt): View {
  const known = new Set(contributions.map(({ taskId }) => taskId));
  const latest = contributions.at(-1)?.at ?? 0;
  const since = view.contributions.filter(({ taskId, at }) => !known.has(taskId) && at >= latest);
  return withLatest({ ...view, contributions: [...contributions, ...since], numEarlier, earlierBytes: 0 });
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

function withLoss(losses: readonly RoundLoss[], { stage, round }: CurrentTask, loss: number): readonly RoundLoss[] {
  if (!Number.isFinite(loss)) return losses;
  const at = losses.findLastIndex((one) => one.stage === stage && one.round === round);
  const known = losses[at];
  if (known === undefined) return [...losses, { stage, round, sum: loss, count: 1 }];
  return losses.with(at, { ...known, sum: known.sum + loss, count: known.count + 1 });
}

/** The word for a view. */
export function pageStateOf(view: View): PageState {
  if (view.end !== null) return stateAtEnd(view.end);
  if (!view.hasJoined) return "landing";
  if (view.connection === "retrying" || view.connection === "stopped") return view.connection;
  if (view.connection === "unapproved") return "unapproved";
  if (view.status?.phase === "done") return "finished";
  if (view.welcome === null) return "connecting";
  if (view.ready === null) return "loading";
  if (view.isPaused) return view.task === null || view.isHeld ? "paused" : "pausing";
  return view.task === null ? "waiting" : "training";
}

function stateAtEnd(end: SessionEnd): PageState {
  if (end.reason === "removed") return "failed";
  return end.reason === "closing" ? "stopped" : end.reason;
}
