import { faultText } from "../saying/problems.ts";
import { runSays } from "../saying/runSayings.ts";
import { ours, type Text } from "../saying/text.ts";
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
export function explanation(state: PageState, view: View): Text {
  switch (state) {
    case "waiting":
      return waitingReason(view);
    case "left":
      if (view.end?.reason === "left" && view.end.deleted !== undefined) return ours(words.explanations.deleted(view.end.deleted));
      return ours(view.isKept ? words.explanations.leftKept : words.explanations.leftNotKept);
    case "reload":
      return ours(view.isKept ? words.explanations.reloadKept : words.explanations.reloadNotKept);
    case "failed":
      return view.end?.reason === "failed" ? faultText(view.end.why, view.end.message) : ours(words.explanations.removed);
    case "paused":
      return ours(words.restExplanations(view.rest ?? "user", holdMs / 1000, view.isHeld && view.task !== null));
    case "unapproved":
    case "retrying":
    case "stopped":
    case "replaced":
    case "finished":
      return ours(words.explanations[state]);
    default:
      return arrival(view) ?? (view.status === null ? null : runSays(view.status)) ?? ours(quietSentence(state));
  }
}

/** What is worth knowing while all goes well. */
function quietSentence(state: PageState): string {
  if (state === "connecting" || state === "loading") return words.explanations.preparing;
  return state === "training" ? words.explanations.working : "";
}

/** Where devices load, their number is worth more than that of those which are ready: one tab may load all of them. */
function arrival({ status, welcome }: View): Text | null {
  if (status?.phase !== "waiting" || status.numLoading === undefined || welcome === null) return null;
  const { roster, numDevices, minDevices } = welcome.run;
  return ours(words.explanations.arriving(status.numLoading, status.numDevices, roster === "fixed" ? numDevices : minDevices));
}

function waitingReason(view: View): Text {
  const { status } = view;
  const arriving = arrival(view);
  if (arriving !== null) return arriving;
  const said = status === null ? null : runSays(status);
  const homeless = view.deviceIds.length === 0 ? words.explanations.noDevice : null;
  if (said !== null) return homeless === null ? said : { ...said, text: `${said.text} ${homeless}` };
  return ours(homeless ?? turnComes(view));
}

function turnComes({ status, welcome }: View): string {
  if (status?.phase === "waiting") return words.explanations.notBegun;
  if (status?.stepKind !== undefined && status.tasksOut + status.tasksIn > 0)
    return words.explanations.othersWork(status.tasksIn, status.tasksOut + status.tasksIn);
  const run = welcome?.run;
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
