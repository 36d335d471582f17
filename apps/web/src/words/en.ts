import type { Stage } from "@tutti/core";
import { formatBytes, formatCount, formatNumber, formatPercent, formatSeconds, formatWhole, liveScore, ranksText } from "@tutti/core";
import type { BackendName, LoadProgress } from "@tutti/model";
import type { EvaluationPoint, PlanPoint, Status, Withdrawn } from "@tutti/protocol";

/** A round of a stage: `round 3 of 12`. */
export function roundOf({ round, numRounds }: Status): string {
  return `round ${Math.max(1, round)} of ${Math.max(numRounds, round)}`;
}

/** The page's promise, at the head of the landing page and as the browser tab's title. */
export const promise = "Lend this tab. Train a language model, together.";

/** What a device is, where the page first speaks of one. */
export const deviceMeaning = "A device is one participant with its own examples; your tab can host several.";

/** The line under everything. */
export const footer = {
  about: "Tutti means “all together”. The model was pretrained elsewhere; your examples stay in your tab. This page tracks nothing.",
  thisServer: "It talks only to this server.",
  otherServer: (host: string) => `It talks to this server and downloads the model from ${host}.`,
};

/** The links between a run's pages. */
export const pageLinks = {
  label: "Pages of this run",
  join: "Join",
  stage: "Stage",
  try: "Try",
};

/** How the page is connected. */
export const connectionNames = {
  offline: "not connected",
  connecting: "connecting",
  online: "connected",
  retrying: "reconnecting",
  unapproved: "waiting to be let in",
};

/** The card of what is planned for each device. */
export const plansCard = {
  title: "Plans",
  heads: ["Device", "Rate", "Memory", "Link", "Bits", "Batch", "Ranks × matrices", "Time", "Unused"],
  cells: ({ deviceId, machine, bits, batchSize, ranks, seconds, memoryBytes, underUse }: PlanPoint): string[] => [
    String(deviceId),
    `${formatNumber(machine.flopsPerSecond / 1e9)} Gflop/s`,
    `${formatBytes(memoryBytes)} of ${formatBytes(machine.memoryBytes)}`,
    `${formatBytes(machine.bytesPerSecond)}/s`,
    String(bits),
    String(batchSize),
    ranksText(ranks.filter((rank) => rank > 0)),
    formatSeconds(seconds),
    formatPercent(Math.max(0, underUse)),
  ],
  note:
    "Each device trains as many low-rank parts as its machine and its link have room for. Rate, memory and link are what each client says of " +
    "its machine; time is what a round is expected to take on it, and unused is the rest of the round.",
  leftOut: (deviceId: number, reason: string) => `Device ${deviceId} is left out of this round: ${reason}.`,
};

/** What the landing page says. */
export const landing = {
  lead:
    "Many browser tabs train one language model together, each with its own examples. If you join, this tab downloads the model once. " +
    "In each round that it is picked for, it trains on its examples and sends back the parameters that it trained.",
  sentTitle: "What is sent",
  sent:
    "The parameters that this tab trains in the layers that the run shares, and measurements such as the loss, the accuracy and the " +
    "number of examples.",
  sentMachine:
    " If the run plans for each device, the server also learns how fast this computer and its connection are and about how much memory it has, and everyone in the run can see it.",
  sentCopy: " The server also keeps a copy of the other layers’ parameters, so that another tab can continue when this one closes.",
  keptTitle: "What stays here",
  kept: "The examples and everything else on this computer. Close the tab to stop.",
  keptWithLayers: "The examples, the parameters of all other layers, and everything else on this computer. Close the tab to stop.",
  join: "Join",
  codeWord: "Code word",
  codeWordNote: "The link that the operator gave you carries it, or the operator tells you.",
  needsInvitation: "This run is by invitation. Open the link of your invitation to join; each lets one browser in.",
  finished: "This run is finished: there is nothing left to train. Thank you to everybody who took part.",
  looking: "Looking for the run …",
  what: (task: string, backbone: string) => `${task} · model ${backbone}`,
  run: (task: string, backbone: string, numTabs: number): string =>
    `${landing.what(task, backbone)} · ${numTabs === 0 ? "no tab is connected yet" : `${formatCount(numTabs, "tab")} connected`}`,
  whichExamples: "Which examples should this tab train on?",
  share: "A share of the run’s examples",
  shareNote: "Nothing to prepare.",
  ownFile: "My own file",
  ownFileNote: "The file stays in this tab. The server is told only how many examples it has.",
  countsUpTo: (limit: number) => ` It counts as at most ${formatCount(limit, "example")}.`,
  ownFileKind: "A CSV, TSV or JSON Lines file in UTF-8 with the columns",
  and: "and",
  classes: (names: readonly string[]) => (names.length === 0 ? "" : `Each label is one of ${names.join(", ")}.`),
  insecure:
    "This page came over plain http, so the browser lets it use neither the GPU nor more than one thread. Training works, but usually " +
    "more slowly. Over https the page can use both where the computer has them, and can keep the screen awake.",
};

/** The first rows of an own file. */
export const preview = { text: "Text", label: "Label" };

/** Why a file cannot be used. */
export const fileProblems = {
  tooLarge: (file: string, numBytes: number, maxBytes: number) =>
    `${file} has ${formatBytes(numBytes)}; this page reads at most ${formatBytes(maxBytes)}. Use a smaller part of it.`,
  tooManyRows: (file: string, numRows: number, maxRows: number) =>
    `${file} has ${formatCount(numRows, "row")}; this page uses at most ${formatWhole(maxRows)}. Use a smaller part of it.`,
  textTask: (title: string) =>
    `“${title}” asks for answers in words, and this page reads only files with a label for each text. Take a share of the run’s own examples.`,
};

/** Why the page does not know the run. */
export const runProblems = {
  silent: "The coordinator, the server of this run, does not answer. You can still join: the page keeps trying.",
  status: (code: number) =>
    `The coordinator, the server of this run, answered with an error (HTTP ${code}). You can still join: the page keeps trying.`,
  notUnderstood: "This page does not understand the coordinator’s answer; it may be older than the server. Reload this page.",
};

/** The stages of a run. */
export const stageNames: Readonly<Record<Stage, string>> = {
  score: "Finding the layers that matter",
  count: "Finding how many layers to share",
  train: "Training",
};

/** The steps of the preparation. */
export const phaseNames: Readonly<Record<LoadProgress["phase"], string>> = {
  backend: "Choosing GPU or CPU",
  backbone: "Downloading the language model",
  tokenizer: "Downloading the tokenizer",
  dataset: "Loading this tab’s examples",
  admission: "Checking that this computer calculates correctly",
};

/** The page's headline while it takes part. */
export const headlines = {
  connecting: "Connecting to the run",
  unapproved: "Waiting to be let in",
  loading: "Getting ready",
  waitingForDevice: "Ready, waiting for a device",
  waitingForTurn: "Ready, waiting for this tab’s turn",
  pausing: "Finishing this task, then pausing",
  paused: "Paused",
  retrying: "The coordinator does not answer",
  replaced: "Another tab has taken over",
  finished: "The run is finished",
  left: "You have left",
  reload: "This page is out of date",
  failed: "This tab cannot take part",
  evaluate: "Testing how well the model does",
  search: "Searching for a better prompt with this tab’s examples",
  score: "Scoring the layers",
  probe: "Measuring how many layers are needed",
  train: "Training on this tab’s examples",
  logits: "Reading with the large model",
  distil: "Distilling the large model into the small one",
  answers: "Answering messages for the report",
};

/** What the state means for the volunteer, and what to do. */
export const explanations = {
  unapproved: "The operator of this run lets each tab in. Leave this tab open: it begins by itself.",
  paused: "This tab gets no new work until you resume.",
  retrying:
    "The server of the run may be restarting, or the network may be down. This tab keeps its work and reconnects by itself; leave it open.",
  replaced: "Another tab or window of this browser has this tab’s place now. Close this tab, or use it instead.",
  leftKept: "Thank you. This browser keeps your place in case you come back.",
  deleted: ({ numStates, numControls, numContributions, numSummed }: Withdrawn) => {
    const gone = `${formatCount(numStates, "private state")}, ${formatCount(numControls, "control variate")} and ${formatCount(numContributions, "contribution")} not yet summed`;
    const stays =
      numSummed === 0
        ? "Nothing of this tab is in the model."
        : `${formatCount(numSummed, "contribution")} of its devices were summed before: they are part of the model, and cannot be taken out.`;
    return `The server has deleted ${gone}, and this tab’s key and name; this browser has deleted its devices. ${stays}`;
  },
  leftNotKept: "Thank you. This browser kept nothing, so if you come back, this tab starts again.",
  reloadKept: "The coordinator has another version of this page. Reload to get it; this tab’s work is kept.",
  reloadNotKept:
    "The coordinator has another version of this page. Reload to get it; this tab then starts again, because this browser keeps nothing.",
  removed: "The operator has removed this tab from the run.",
  finished: "Thank you for lending this tab. You can close it now.",
  notBegun: "The run begins when enough devices have joined.",
  everyRound: "Every device takes part in every round. Leave this tab open.",
  someRounds: "Each round, the coordinator picks some devices at random. Leave this tab open: its turn may come.",
  noDevice: "Other tabs host all devices of this run at the moment. Leave this tab open: it gets the next device that becomes free.",
};

/** What a tab learns about its own work while it goes on. */
export const notices = {
  reset: "The coordinator no longer has this tab’s earlier work, so the tab starts again from the shared parameters. You need do nothing.",
  chooseAgain: (isKept: boolean) =>
    `This page was reloaded, and your examples were only in this tab. Choose the same file again; the tab then ${
      isKept ? "continues where it was." : "starts again, because this browser keeps nothing."
    }`,
  notKept: (reason: string, wasReloaded: boolean) =>
    `This browser keeps nothing of this tab’s work (${reason}). ${
      wasReloaded ? "The reload lost it, and the tab has started again." : "After a reload, the tab starts again."
    }`,
  storageBlocked: "its settings forbid it; allow this site to store data",
  noStorage: "it offers no storage",
  unknownReason: "it does not say why",
  noDatabase: "it did not open a database for this page",
  oldDatabase: "another tab holds an older version of this page’s data; close that tab and reload this one",
  threadsStuck: (numThreads: number, seconds: number) => `${numThreads} threads did not start within ${seconds} s, so this tab uses one`,
  stuck: (backend: BackendName, seconds: number) => `backend ${backend} did not start within ${seconds} s; reload this page`,
  gpuStuck: (seconds: number) => `the GPU did not start within ${seconds} s, so this tab uses the CPU`,
};

/** The page while the tab takes part. */
export const runPage = {
  runTitle: "The run",
  notBegun: "The run has not begun yet.",
  here: ({ numConnected, numDevices }: Status) => `${formatCount(numConnected, "tab")}, ${formatCount(numDevices, "device")}`,
  resets: ({ count, last }: NonNullable<Status["resets"]>) =>
    `${formatCount(count, "device")} started again from the shared prompts; the last: ${last}.`,
  staffNote: "Notes are rounds; a higher note means a lower loss.",
  layersTitle: "Layers",
  layersNote: "A taller bar is a layer that matters more.",
  noLayersYet: "The run has not chosen layers yet. Until then, it shares all of them.",
  shared: "shared",
  notShared: "not shared",
  lossTitle: "This tab’s loss",
  noLossYet: "The line starts at the first training step.",
  lossNote: "Smoothed over about five steps; lower is better.",
  working: "Working",
  taskProgress: "Progress of this task",
  downloadProgress: "Progress of the download",
  stepOf: (step: number, numSteps: number) => `step ${step} of ${numSteps}`,
  taskOf: (deviceId: number, round: number) => `device ${deviceId}, round ${round}`,
  tasksDone: (count: number) => `${formatCount(count, "task")} done in this tab`,
  downloaded: (numBytes: number, totalBytes: number) => `${formatBytes(numBytes)} of ${formatBytes(totalBytes)}`,
  pace: (bytesPerSecond: number, secondsLeft: number) =>
    `${formatBytes(bytesPerSecond)}/s · ${formatSeconds(Math.round(secondsLeft))} left`,
};

/** The buttons. */
export const buttons = {
  reload: "Reload",
  tryAgain: "Try again",
  newRun: "Look for a new run",
  useThisTab: "Use this tab instead",
  joinAgain: "Join again",
  resume: "Resume",
  pause: "Pause",
  leave: "Leave",
  leaveAndDelete: "Leave and delete my data",
};

/** What the tab has sent and received. */
export const traffic = {
  title: "This tab’s traffic",
  sent: "sent",
  saved: "saved by sending less",
  received: "received",
  note: "The download of the model is not counted. Saved: compared with sending all layers, four bytes for each number.",
};

/** What the tab computes with. */
export const computer = {
  title: "This computer",
  backend: "computes on",
  devices: "devices here",
  noDevices: "none yet",
  examples: "examples here",
  notYet: "Shown when this tab is ready.",
  backendName(backend: BackendName, threads: number): string {
    if (backend === "webgpu") return "GPU";
    return backend === "cpu" ? "CPU, plain JavaScript" : `CPU, ${formatCount(threads, "thread")}`;
  },
};

/** How well the run's model does. */
export const results = {
  title: "Results",
  newcomer: (point: EvaluationPoint) => `${newcomerScore(point)} from the shared parameters, which are all that a newcomer has.`,
  /** Before a score of texts. */
  scoreNames: { rougeL: "ROUGE-L", tokenAccuracy: "token accuracy" },
  personalised: "on the devices that took part, with their own parameters",
  zeroShot: "before any training",
  /** `of 288 texts`, or `of the texts` where their number is not known. */
  ofTexts,
};

function newcomerScore(point: EvaluationPoint): string {
  const score = point.text === undefined ? null : liveScore(point.text);
  if (score === null) return `${ofTexts(point)} that nobody trained on get the right class`;
  return score.metric === "rougeL"
    ? "says how far generated answers match their references, from 0 to 1: texts that nobody trained on are answered"
    : `of the tokens of answers that nobody trained on, ${ofTexts(point)}, are predicted right`;
}

function ofTexts({ numExamples }: EvaluationPoint): string {
  if (numExamples === undefined) return "of the texts";
  return numExamples === 1 ? "of one text" : `of ${formatWhole(numExamples)} texts`;
}

/** The figures, for people who hear them. */
export const figures = {
  noRound: "No round yet",
  round: (round: string) => `The run is in ${round}`,
  noScores: "No layer scores yet",
  scores: (list: string, selected: readonly number[] | null) =>
    `Scores: ${list}. ${selected === null ? "No layers chosen yet" : `Shared layers: ${selected.join(", ") || "none"}`}.`,
  score: (layer: number, score: number | null) => `layer ${layer}: ${score === null ? "not scored" : score.toPrecision(3)}`,
  noLoss: "No loss yet",
  loss: (first: string, latest: string) => `Training loss: ${first} at first, ${latest} now`,
  tabs: (count: number) => formatCount(count, "tab"),
};

/** The page for the wall. */
export const stage = {
  title: "The stage",
};

/** The page where the tuned model answers. */
export const tryPage = {
  title: "Try the model",
};
