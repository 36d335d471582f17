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
export function phaseName(phase: LoadProgress["phase"]): string {
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
      return "Ready, and waiting for this tab’s turn";
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
      return "Thank you. Your place is kept in this browser, in case you come back.";
    case "reload":
      return "The coordinator speaks a newer version. Reload to get the new page; this tab’s work is kept.";
    case "failed":
      return view.end?.reason === "failed" ? view.end.message : "The operator has taken this tab out of the run.";
    case "finished":
      return "Thank you for lending this tab. You may close it.";
    default:
      return view.status?.message ?? "";
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
  if (status?.message) return status.message;
  if (status?.phase === "waiting") return "The run begins when enough others are here.";
  return "Each round a few devices are drawn by lot. Yours will be called; leave this tab open.";
}
