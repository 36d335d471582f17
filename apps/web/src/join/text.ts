import { explanations, footer, headlines, notices, phaseNames, promise } from "../words.ts";
import type { PageState, View } from "./view.ts";

/** One sentence for each state: the page's headline while it takes part. */
export function headline(state: PageState, view: View): string {
  switch (state) {
    case "landing":
      return promise;
    case "loading":
      return view.loading === null ? headlines.loading : phaseNames[view.loading.phase];
    case "waiting":
      return view.deviceIds.length === 0 ? headlines.waitingForDevice : headlines.waitingForTurn;
    case "training":
      return headlines[view.task?.kind ?? "train"];
    default:
      return headlines[state];
  }
}

/** What the state means for the volunteer, and what to do, if anything. */
export function explanation(state: PageState, view: View): string {
  switch (state) {
    case "waiting":
      return waitingReason(view);
    case "left":
      if (view.end?.reason === "left" && view.end.deleted !== undefined) return explanations.deleted(view.end.deleted);
      return view.isKept ? explanations.leftKept : explanations.leftNotKept;
    case "reload":
      return view.isKept ? explanations.reloadKept : explanations.reloadNotKept;
    case "failed":
      return view.end?.reason === "failed" ? view.end.message : explanations.removed;
    case "unapproved":
    case "paused":
    case "retrying":
    case "replaced":
    case "finished":
      return explanations[state];
    default:
      return asSentence(view.status?.message ?? "");
  }
}

function waitingReason(view: View): string {
  const { status } = view;
  const message = status?.message ?? null;
  const parts = [...(message === null ? [] : [asSentence(message)]), ...(view.deviceIds.length === 0 ? [explanations.noDevice] : [])];
  if (parts.length > 0) return parts.join(" ");
  if (status?.phase === "waiting") return explanations.notBegun;
  const run = view.welcome?.run;
  return run !== undefined && status != null && run.cohortSize >= status.numDevices ? explanations.everyRound : explanations.someRounds;
}

/** Why a reload begins again, from the error that storing gave; `wasReloaded` when that has just happened. */
export function notKeptNotice(error: unknown, wasReloaded: boolean): string {
  const isBlocked = error instanceof Error && (error.name === "SecurityError" || error.name === "InvalidStateError");
  return notices.notKept(isBlocked ? notices.storageBlocked : error instanceof Error ? error.message : String(error), wasReloaded);
}

/** Whom the page talks to: the coordinator, and where the operator says so, another place for the model. */
export function talksTo(backboneUrl: string | null, folder: string): string {
  const { host } = new URL(backboneUrl ?? folder, folder);
  return host === new URL(folder).host ? footer.thisServer : footer.otherServer(host);
}

/** Reasons come as parts of sentences: with a capital letter and a full stop. */
export function asSentence(text: string): string {
  if (text === "") return "";
  const begun = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
