import { words } from "../words/words.ts";
import { holdMs } from "./resting.ts";
import { type PageState, pageStateOf, type View } from "./view.ts";

/** One sentence for each state: the page's headline while it takes part. */
export function headline(state: PageState, view: View): string {
  switch (state) {
    case "landing":
      return words.promise;
    case "loading":
      return view.loading === null ? words.headlines.loading : words.phaseNames[view.loading.phase];
    case "waiting":
      return waitingHeadline(view);
    case "paused":
      return view.rest === null ? words.headlines.paused : words.restHeadlines[view.rest];
    case "training":
      return words.headlines[view.task?.kind ?? "train"];
    default:
      return words.headlines[state];
  }
}

/** What the page says at once, whatever it said before: what its owner did, or has to know. */
export function isUrgent(state: PageState): boolean {
  return state !== "training" && state !== "waiting" && state !== "loading" && state !== "connecting";
}

function waitingHeadline({ deviceIds, status }: View): string {
  if (deviceIds.length === 0) return words.headlines.waitingForDevice;
  const kind = status?.phase === "running" ? status.stepKind : undefined;
  return kind === undefined ? words.headlines.waitingForTurn : words.othersHeadlines[kind];
}

/** What is said aloud, which is little: the line that stays for a while, and the stage. Rounds go by too fast to be heard. */
export function announcement(view: View): string {
  if (!view.hasJoined) return "";
  const { status } = view;
  const line = view.calm?.text ?? headline(pageStateOf(view), view);
  return status === null || status.stage === null || status.round === 0 ? line : `${line}. ${words.stageNames[status.stage]}.`;
}

/** What the state means for the volunteer, and what to do, if anything. */
export function explanation(state: PageState, view: View): string {
  switch (state) {
    case "waiting":
      return waitingReason(view);
    case "left":
      if (view.end?.reason === "left" && view.end.deleted !== undefined) return words.explanations.deleted(view.end.deleted);
      return view.isKept ? words.explanations.leftKept : words.explanations.leftNotKept;
    case "reload":
      return view.isKept ? words.explanations.reloadKept : words.explanations.reloadNotKept;
    case "failed":
      return view.end?.reason === "failed" ? view.end.message : words.explanations.removed;
    case "paused":
      return words.restExplanations(view.rest ?? "user", holdMs / 1000, view.isHeld && view.task !== null);
    case "unapproved":
    case "retrying":
    case "stopped":
    case "replaced":
    case "finished":
      return words.explanations[state];
    default:
      return arrival(view) ?? said(view) ?? quietSentence(state);
  }
}

/** What the coordinator has to say. */
function said({ status }: View): string | null {
  const message = status?.message ?? null;
  return message === null ? null : asSentence(message);
}

/** What is worth knowing while all goes well. */
function quietSentence(state: PageState): string {
  if (state === "connecting" || state === "loading") return words.explanations.preparing;
  return state === "training" ? words.explanations.working : "";
}

/** Where devices load, their number is worth more than that of those which are ready: one tab may load all of them. */
function arrival({ status, welcome }: View): string | null {
  if (status?.phase !== "waiting" || status.numLoading === undefined || welcome === null) return null;
  const { roster, numDevices, minDevices } = welcome.run;
  return words.explanations.arriving(status.numLoading, status.numDevices, roster === "fixed" ? numDevices : minDevices);
}

/** `en` where a text holds what the server or the training says in English, for those who hear the page in another language. */
export function languageOf(text: string, { status, end }: Pick<View, "status" | "end">): "en" | undefined {
  const english = [status?.message, end?.reason === "failed" ? end.message : null].flatMap((message) => message ?? []);
  return english.some((message) => text.includes(message) || text.includes(asSentence(message))) ? "en" : undefined;
}

function waitingReason(view: View): string {
  const { status } = view;
  const arriving = arrival(view);
  if (arriving !== null) return arriving;
  const message = status?.message ?? null;
  const parts = [...(message === null ? [] : [asSentence(message)]), ...(view.deviceIds.length === 0 ? [words.explanations.noDevice] : [])];
  if (parts.length > 0) return parts.join(" ");
  if (status?.phase === "waiting") return words.explanations.notBegun;
  if (status?.stepKind !== undefined && status.tasksOut + status.tasksIn > 0)
    return words.explanations.othersWork(status.tasksIn, status.tasksOut + status.tasksIn);
  const run = view.welcome?.run;
  return run !== undefined && status != null && run.cohortSize >= status.numDevices
    ? words.explanations.everyRound
    : words.explanations.someRounds;
}

/** Why a reload begins again, from the error that storing gave; `wasReloaded` when that has just happened. */
export function notKeptNotice(error: unknown, wasReloaded: boolean): string {
  const isBlocked = error instanceof Error && (error.name === "SecurityError" || error.name === "InvalidStateError");
  return words.notices.notKept(
    isBlocked ? words.notices.storageBlocked : error instanceof Error ? error.message : String(error),
    wasReloaded,
  );
}

/** Whom the page talks to: the coordinator, and where the operator says so, another place for the model. */
export function talksTo(backboneUrl: string | null, folder: string): string {
  const { host } = new URL(backboneUrl ?? folder, folder);
  return host === new URL(folder).host ? words.footer.thisServer : words.footer.otherServer(host);
}

/** Reasons come as parts of sentences: with a capital letter and a full stop. */
export function asSentence(text: string): string {
  if (text === "") return "";
  const begun = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
