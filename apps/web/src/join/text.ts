import type { Stage } from "@tutti/core";
import type { BackendName, LoadProgress } from "@tutti/model";
import { counted } from "./format.ts";
import type { PageState, View } from "./view.ts";

const stageNames: Readonly<Record<Stage, string>> = {
  score: "Finding the layers that matter",
  count: "Finding how many layers to share",
  train: "Training",
};

/** A stage in plain words. */
export function stageName(stage: Stage): string {
  return stageNames[stage];
}

const phaseNames: Readonly<Record<LoadProgress["phase"], string>> = {
  backend: "Choosing how to compute",
  backbone: "Downloading the language model",
  tokenizer: "Downloading the dictionary",
  dataset: "Getting this tab's examples",
  admission: "Checking this computer's arithmetic",
};

/** A step of the preparation in plain words. */
function phaseName(phase: LoadProgress["phase"]): string {
  return phaseNames[phase];
}

/** A backend in plain words. */
export function backendName(backend: BackendName, threads: number): string {
  if (backend === "webgpu") return "GPU";
  if (backend === "cpu") return "CPU, plain JavaScript";
  return `CPU, ${counted(threads, "thread")}`;
}

/** One sentence for each state: the page's headline while it takes part. */
export function headline(state: PageState, view: View): string {
  switch (state) {
    case "landing":
      return "Lend this tab. Train a language model, together.";
    case "connecting":
      return "Finding the others";
    case "loading":
      return view.loading === null ? "Getting ready" : phaseName(view.loading.phase);
    case "waiting":
      return view.deviceIds.length === 0 ? "Ready, and waiting for a device" : "Ready, and waiting for this tab’s turn";
    case "training":
      return taskLine(view);
    case "pausing":
      return "Finishing this task, then resting";
    case "paused":
      return "Resting";
    case "retrying":
      return "The coordinator is not answering";
    case "replaced":
      return "Another tab has taken over";
    case "finished":
      return "The run is finished";
    case "left":
      return "You have left";
    case "reload":
      return "This page is out of date";
    case "failed":
      return "This tab cannot take part";
  }
}

/** What the state means for the volunteer, and what to do, if anything. */
export function explanation(state: PageState, view: View): string {
  switch (state) {
    case "waiting":
      return waitingReason(view);
    case "paused":
      return "No new work comes to this tab until you resume.";
    case "retrying":
      return "It may be restarting, or the network is gone. This tab keeps its work and tries again by itself; leave it open.";
    case "replaced":
      return "The same place is open in another tab or window. You can close this one, or join again here.";
    case "left":
      return view.isKept
        ? "Thank you. Your place is kept in this browser, in case you come back."
        : "Thank you. If you come back, this tab begins again: this browser kept nothing of it.";
    case "reload":
      return `The coordinator speaks another version. Reload to get its page; ${
        view.isKept ? "this tab’s work is kept." : "this tab then begins again, because this browser keeps nothing of it."
      }`;
    case "failed":
      return view.end?.reason === "failed" ? view.end.message : "The operator has taken this tab out of the run.";
    case "finished":
      return "Thank you for lending this tab. You may close it.";
    default:
      return asSentence(view.status?.message ?? "");
  }
}

function taskLine(view: View): string {
  const { task } = view;
  if (task === null) return "Training";
  if (task.kind === "evaluate") return "Trying out what was learnt";
  if (task.kind === "score") return "Scoring the layers";
  if (task.kind === "probe") return "Measuring how many layers are needed";
  return "Training on this tab’s examples";
}

function waitingReason(view: View): string {
  const { status } = view;
  const message = status?.message ?? null;
  const parts = [...(message === null ? [] : [asSentence(message)]), ...(view.deviceIds.length === 0 ? [noDeviceNotice] : [])];
  if (parts.length > 0) return parts.join(" ");
  if (status?.phase === "waiting") return "The run begins when enough others are here.";
  const run = view.welcome?.run;
  if (run !== undefined && status != null && run.cohortSize >= status.numDevices)
    return "Each round calls every device; leave this tab open.";
  return "Each round some devices are drawn by lot, and this tab’s may be among them; leave it open.";
}

const noDeviceNotice =
  "Every device of this run has its place in another tab at the moment. When one becomes free, it comes here; leave this tab open.";

/** Why a reload begins again, from the error that storing gave; `wasReloaded` when that has just happened. */
export function notKeptNotice(error: unknown, wasReloaded: boolean): string {
  const isBlocked = error instanceof Error && (error.name === "SecurityError" || error.name === "InvalidStateError");
  const reason = isBlocked ? "its settings forbid it" : error instanceof Error ? error.message : String(error);
  const fact = `This browser keeps nothing of what this tab does (${reason})`;
  return wasReloaded
    ? `${fact}: the reload ended that, and the tab has begun again as a new one. Another reload would do the same.`
    : `${fact}, so after a reload it begins again as a new tab.`;
}

/** What a tab that was reloaded with a volunteer's own examples needs. */
export function chooseAgainNotice(isKept: boolean): string {
  const rest = isKept ? "this tab then goes on where it was." : "this tab then begins again, because this browser keeps nothing of it.";
  return `This page was reloaded, and your examples were only in the tab. Choose the same file again; ${rest}`;
}

/** Whom the page speaks with: the coordinator, and where the operator says so, another place for the model. */
export function speaksWith(backboneUrl: string | null, folder: string): string {
  const { host } = new URL(backboneUrl ?? folder, folder);
  const own = "the page speaks with this one server";
  return host === new URL(folder).host ? `${own} only` : `${own}, and downloads the model from ${host}`;
}

/** The coordinator's reasons are parts of sentences. */
function asSentence(text: string): string {
  if (text === "") return "";
  const begun = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
