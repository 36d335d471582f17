import type { CurrentTask, SessionEnd, TrafficCount } from "@tutti/client";
import { formatBytes, formatCount } from "@tutti/core";
import type { LoadProgress, TrainerReady } from "@tutti/model";
import type { RunInfo, Status, Withdrawn } from "@tutti/protocol";

/** Which run is joined. */
export function runText(url: string, { runId, run }: Pick<RunInfo, "runId" | "run">): string {
  const roster = run.roster === "open" ? "open roster" : formatCount(run.numDevices, "device");
  return `${url}: run ${runId}, ${run.task} on ${run.backbone}, ${roster}`;
}

/** What a device is, under the line that first speaks of them. */
export const deviceText = "A device is one participant with its own examples; this client hosts one or more of them.";

/** What a run is called that has ended. */
export function overText({ runId }: Pick<RunInfo, "runId">): string {
  return `run ${runId} is over: there is nothing left to train`;
}

/** What was deleted of a client that left for good, and what cannot be. */
export function deletedText({ runId }: Pick<RunInfo, "runId">, deleted: Withdrawn): string {
  const { numStates, numControls, numContributions, numSummed } = deleted;
  const gone = [
    formatCount(numStates, "private state"),
    formatCount(numControls, "control variate"),
    `${formatCount(numContributions, "contribution")} not yet summed`,
  ].join(", ");
  const stays =
    numSummed === 0
      ? "nothing of this client is in the model"
      : `${formatCount(numSummed, "contribution")} of its devices were summed before: they are part of the model, and cannot be taken out`;
  return `left run ${runId}. Deleted at the coordinator: ${gone}, key and name; and here all that was kept of the run. ${stays}`;
}

/** Whose examples the client trains on, and on what it computes. */
export function readyText(ready: TrainerReady, deviceIds: readonly number[], numExamples: number): string {
  const { backend, reason } = ready;
  if (deviceIds.length === 0) return `ready on ${backend} (${reason}); the coordinator has no device for this client yet`;
  const devices = `${deviceIds.length === 1 ? "device" : "devices"} ${deviceIds.join(", ")}`;
  return `ready on ${backend} (${reason}): trains on the ${formatCount(numExamples, "text")} of ${devices}`;
}

const loadingNames: Readonly<Record<LoadProgress["phase"], string>> = {
  backend: "choosing what to compute on",
  backbone: "downloading the backbone",
  tokenizer: "downloading the tokenizer",
  dataset: "reading the examples",
  admission: "checking this machine's arithmetic",
};

/** How far the preparation is. */
export function loadingText({ phase, doneBytes, totalBytes }: LoadProgress): string {
  const bytes = totalBytes === 0 ? "" : `, ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  return `${loadingNames[phase]}${bytes}`;
}

const taskNames: Readonly<Record<CurrentTask["kind"], string>> = {
  score: "scores the layers",
  train: "trains",
  probe: "measures the Hessian's spectrum",
  evaluate: "evaluates",
  search: "searches for a better prompt",
  edit: "tries other words in the prompt",
  perturb: "tries perturbations",
  logits: "reads the public texts with the large model",
  distil: "distils the large model into the small one",
  answers: "answers messages for the report",
};

/** What the client does at this moment. */
export function taskText({ kind, deviceId, stage, round }: CurrentTask): string {
  return `device ${deviceId} ${taskNames[kind]}, ${stage} round ${round}`;
}

/** How many tasks of each kind a client has done. */
export type DoneTasks = Readonly<Partial<Record<CurrentTask["kind"], number>>>;

const kindNames: Readonly<Record<CurrentTask["kind"], string>> = {
  score: "scoring layers",
  probe: "measuring the Hessian's spectrum",
  train: "training",
  evaluate: "evaluating",
  search: "searching",
  edit: "editing the prompt",
  perturb: "trying perturbations",
  logits: "reading with the large model",
  distil: "distilling",
  answers: "answering",
};

/** Such as `3 tasks (2 training, 1 evaluating)`. */
export function tasksText(done: DoneTasks): string {
  const kinds = (Object.keys(kindNames) as CurrentTask["kind"][]).filter((kind) => (done[kind] ?? 0) > 0);
  const count = kinds.reduce((sum, kind) => sum + (done[kind] ?? 0), 0);
  const parts = kinds.map((kind) => `${done[kind]} ${kindNames[kind]}`);
  return `${formatCount(count, "task")}${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`;
}

/** How far the run is while the client waits for its next task. */
export function waitingText({ stage, round, numRounds, message }: Status, done: DoneTasks): string {
  const position = stage === null ? "the run has not begun" : `${stage} round ${round} of ${numRounds}`;
  return `${position}; ${tasksText(done)} done here${message === null ? "" : `; ${message}`}`;
}

/** Said once when the coordinator is gone, and once when it is back. */
export const connectionTexts = {
  stopped: "the coordinator was stopped; this client takes part again once it is back",
  lost: "the coordinator does not answer; this client keeps its work and tries again",
  back: "the coordinator answers again",
  unapproved: "waiting for the operator to let this client in",
};

/** What the client is told of a device whose work the coordinator no longer knows. */
export const resetText = "the coordinator no longer knew this device's earlier work: it starts again from the shared prompts";

interface Done {
  readonly runId: string;
  readonly done: DoneTasks;
  readonly traffic: TrafficCount;
}

/** What the client did until the run was over or it left; null where the session failed. */
export function endText({ reason }: SessionEnd, { runId, done, traffic: { sentBytes, receivedBytes } }: Done): string | null {
  const work = `${tasksText(done)}, ${formatBytes(sentBytes)} sent, ${formatBytes(receivedBytes)} received`;
  if (reason === "finished") return `run ${runId} is over: ${work}`;
  return reason === "left" ? `left run ${runId}: ${work}; the same command goes on with the same devices` : null;
}

/** Why the client cannot go on. */
export function failureText(end: SessionEnd, folder: string): string {
  switch (end.reason) {
    case "replaced":
      return `another client with the state in ${folder} has joined and takes this one's place: give each client its own --state`;
    case "removed":
      return "the operator removed this client from the run";
    case "reload":
      return `the coordinator speaks another version of the protocol (${end.message}): use the same version of Tutti on both machines`;
    case "failed":
      return end.message;
    default:
      return "the coordinator ended the connection";
  }
}
