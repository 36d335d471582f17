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
  about: "Tutti means “all together”. The model was pretrained elsewhere; examples stay in the tab that trains on them.",
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
  lead: "Press Join: this tab then trains a small part of the model on its examples, and sends back what it has learned. You can pause or leave at any time.",
  join: "Join",
  joinHereToo: "Join here as well",
  downloads: (newBytes: number, keptBytes: number) => {
    if (newBytes === 0) return "Nothing to download: this browser has it all.";
    const rest = keptBytes === 0 ? ", once" : `; the other ${formatBytes(keptBytes)} are here already`;
    return `Downloads ${formatBytes(newBytes)}${rest}.`;
  },
  codeWord: "Code word",
  codeWordNote: "The link that the operator gave you carries it, or the operator tells you.",
  name: "Your name in this run",
  nameNote: "Optional. Everyone in the run can see it; this browser keeps it.",
  needsInvitation: "This run is by invitation. Open the link of your invitation to join; each lets one browser in.",
  finished: "This run is finished",
  finishedNote:
    "There is nothing left to train. Thank you to everybody who took part. See how well the model learned, or let it answer you.",
  seeResults: "See the results",
  tryModel: "Try the model",
  looking: "Looking for the run …",
  whichExamples: "Which examples should this tab train on?",
  share: "A share of the run’s examples",
  shareNote: "Nothing to prepare.",
  own: "My own examples",
  ownNote: "Typed, pasted or from a file. They stay in this browser; the server is told only how many there are.",
  countsUpTo: (limit: number) => ` They count as at most ${formatCount(limit, "example")}.`,
  needsExamples: "Add at least one example first.",
  textTask: (title: string) =>
    `“${title}” asks for answers in words, and this page takes own examples only where each has a label. Take a share of the run’s examples.`,
};

/** What the run is, before anybody joins. */
export const programme = {
  title: "This run",
  purpose: "What for",
  host: "Who runs it",
  nobodySaid: (address: string) => `The server at ${address}; it gives no name.`,
  model: "Model",
  download: "Download",
  downloadOf: (modelBytes: number, scriptBytes: number) =>
    `${formatBytes(modelBytes)} of model and ${formatBytes(scriptBytes)} of script, once`,
  downloadLeft: (newBytes: number, keptBytes: number) =>
    newBytes === 0
      ? `Nothing: ${formatBytes(keptBytes)} are in this browser already`
      : `${formatBytes(newBytes)}; ${formatBytes(keptBytes)} are in this browser already`,
  modelUnknown: "The model’s size is not known yet.",
  duration: "How long",
  waiting: (stages: number) =>
    `Not begun yet; ${formatCount(stages, "step")} to do. How long they take is known after the first training step.`,
  running: (numDone: number, numSteps: number) =>
    `${formatWhole(numDone)} of ${formatCount(numSteps, "step")} done. How long the rest takes is known after the first training step.`,
  left: (seconds: number, numDone: number, numSteps: number) =>
    `About ${formatSeconds(seconds)} left; ${formatWhole(numDone)} of ${formatCount(numSteps, "step")} done.`,
  unknown: "Until the run is over, or until you leave.",
  here: "Here now",
  tabs: (numTabs: number) => (numTabs === 0 ? "Nobody yet" : formatCount(numTabs, "tab")),
};

/** What leaves the tab and what never does: each sentence holds where the run's settings make it true. */
export const privacy = {
  sentTitle: "What leaves this tab",
  parameters: "The parameters that it trains in the layers that the run shares.",
  measurements: "Measurements: loss, accuracy, the number of examples, what it computes with.",
  states: "A copy of its own layers’ parameters, kept on the server so that another tab can go on when this one closes.",
  machine: "How fast this computer and its connection are and about how much memory it has. Everyone in the run can see it.",
  maybeMachine: "If the run plans for each device: how fast this computer is and about how much memory it has.",
  name: "Your name, if you give one.",
  neverTitle: "What never leaves it",
  examples: "Your examples: not one word of them.",
  layers: "The parameters of the layers that are not shared.",
  rest: "Anything else on this computer. This page tracks nothing.",
  keptTitle: "What this browser keeps",
  kept: "The model, your place in the run and your own examples, so that you can come back. “Leave and delete my data” removes your place here and on the server.",
  stop: "Leave or close the tab and training stops here. What was summed into the model before stays in it.",
};

/** The look at this device before it joins. */
export const preflight = {
  title: "This device",
  looking: "Looking at what this device can do …",
  names: { backend: "Computes on", speed: "Speed", memory: "Memory", storage: "Storage", battery: "Battery" },
  asked: (backend: BackendName) => `${preflight.backends[backend]}, because this page’s address asks for it.`,
  backends: { webgpu: "The GPU", wasm: "The CPU", cpu: "The CPU in plain JavaScript" },
  remembered: (backend: BackendName, threads: number) =>
    backend === "webgpu"
      ? "The GPU: it was the fastest when this browser measured."
      : `The CPU with ${formatCount(threads, "thread")}: it was the fastest when this browser measured.`,
  measured: (threads: number) =>
    `The GPU or ${formatCount(threads, "CPU thread")}: both are measured once when you join, and the faster is used.`,
  software: (threads: number) =>
    `Probably the CPU with ${formatCount(threads, "thread")}: this browser offers only a GPU that is simulated in software.`,
  noGpu: (threads: number) => `The CPU with ${formatCount(threads, "thread")}.`,
  plainHttp: "The CPU with one thread, because this page came over plain http.",
  mend: {
    openHttps: "Open the run’s https link, if there is one: over https the page can use the GPU and all threads.",
    firefoxNew: "Firefox: update to version 141 or newer to use the GPU.",
    firefoxFlag: "Firefox: turn on dom.webgpu.enabled in about:config and reload, if you want to try the GPU.",
    chromeFlag: "Chrome: turn on chrome://flags/#enable-unsafe-webgpu and restart it, if you want to try the GPU.",
    chromeNew: "Update this browser to version 113 or newer to use the GPU.",
    safari: "Safari: version 26 or newer can use the GPU.",
    hardware: "If this computer has a GPU, turn on “Use graphics acceleration” in the browser’s settings.",
    notIsolated: "More threads need the server’s isolation headers; whoever runs it can find them in docs/deploy.md.",
    closeOthers: "Close other tabs and programs, or join from a computer with more memory.",
    room: "Free some space, or the model is downloaded again at each visit.",
    privateWindow: "Use an ordinary window if you want to come back later.",
    allowStorage: "Allow this site to store data if you want to come back later.",
    plugIn: "Plug it in, or stop when you like.",
  },
  speed: (gigaflops: number, cores: number) =>
    `About ${gigaflops.toPrecision(2)} billion operations a second on ${cores === 1 ? "its one core" : `one of ${cores} cores`}`,
  memory: (gib: number) => `At least ${formatNumber(gib)} GB`,
  lowMemory: (gib: number, neededBytes: number) =>
    `About ${formatNumber(gib)} GB; this model takes about ${formatBytes(neededBytes)} while it trains.`,
  storage: (freeBytes: number) => `${formatBytes(freeBytes)} free: the model is kept for the next visit.`,
  storageWorks: "The model is kept for the next visit.",
  littleRoom: (freeBytes: number, neededBytes: number) => `${formatBytes(freeBytes)} free; the model needs ${formatBytes(neededBytes)}.`,
  privateWindow: "A private window: what it keeps ends with the window.",
  noStorage: "This browser keeps nothing of this site: after a reload, the tab starts again.",
  battery: (level: number, isCharging: boolean) => `${formatPercent(level)}${isCharging ? ", charging" : ""}`,
};

/** Another tab of this browser that takes part. */
export const otherTab = {
  found:
    "Another tab of this browser already takes part in this run. If you join here too, this tab counts as another participant, and both share this computer’s speed.",
  show: "Show me that tab",
  shown: "The other tab’s title now begins with ▶. You can close this one.",
};

/** The editor of a volunteer's own examples. */
export const examplesEditor = {
  typeTitle: "Type an example",
  text: "Text",
  firstText: "First text",
  secondText: "Second text",
  addAs: "Add it as",
  added: (name: string) => `Added as “${name}”.`,
  typeFirst: "Type a text first, then choose what it is.",
  pasteTitle: "Paste from a spreadsheet",
  pasteNote: "Copy the cells with the texts and their labels, with or without the row of column names, and paste them here.",
  readPaste: "Read it",
  fileTitle: "Or choose a CSV, TSV or JSON Lines file",
  addedRows: (count: number) => `${formatCount(count, "example")} added.`,
  counts: (count: number, classes: readonly { readonly name: string; readonly count: number }[]) =>
    `${formatCount(count, "example")}: ${classes.map(({ name, count }) => `${count} ${name}`).join(", ")}`,
  oneClass: (name: string) => `All of these are “${name}”. The model learns more if you add examples of another class.`,
  textOf: (number: number) => `Text of example ${number}`,
  secondTextOf: (number: number) => `Second text of example ${number}`,
  classOf: (number: number) => `Class of example ${number}`,
  remove: (number: number) => `Delete example ${number}`,
  previous: "Previous",
  next: "Next",
  page: (page: number, numPages: number) => `${page} of ${numPages}`,
  kept: "These examples are kept in this browser, so that a reload does not lose them.",
  notKept: "This browser keeps nothing: a reload loses these examples.",
  forget: "Forget them all",
};

/** Where it is asked what a file's columns and labels mean. */
export const sheet = {
  title: (name: string, numRows: number) => `${name}: ${formatCount(numRows, "row")}`,
  pasted: "Pasted",
  columnName: (number: number) => `Column ${number}`,
  columnFor: { text: "Column with the text", textB: "Column with the second text", label: "Column with the label" },
  noColumn: "Choose a column",
  hasHeader: "The first row holds the names of the columns",
  mappingTitle: "Which class does each label mean?",
  leaveOut: "Leave out",
  leftOut: ({ empty, unlabelled, unmapped, unreadable }: Readonly<Record<"empty" | "unlabelled" | "unmapped" | "unreadable", number>>) => {
    const parts = [
      [empty, "without a text"],
      [unlabelled, "without a label"],
      [unmapped, "with a label that means no class"],
      [unreadable, "that cannot be read"],
    ] as const;
    const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count, "row")} ${what}`);
    return said.length === 0 ? "" : `Left out: ${said.join(", ")}.`;
  },
  take: (count: number) => `Add ${formatCount(count, "example")}`,
  cancel: "Cancel",
  noRows: "There are no rows below the names of the columns.",
  noLabels: "Each text needs a label, in a column beside it. Choose that column, or type the examples instead.",
  sameColumn: "Text and label must be in two columns.",
  tooManyLabels: (count: number) => `This column holds ${formatWhole(count)} different values, too many for labels. Choose another column.`,
  nothingMapped: "Choose which class each label means; then the rows can be added.",
  noRoom: (count: number, room: number) =>
    `${formatCount(count, "row")} are more than fit: there is room for ${formatWhole(room)}. Use a smaller part of the file.`,
};

/** Why a file cannot be used; the table stays as it was. */
export const fileProblems = {
  empty: (file: string) => `${file} is empty: it needs a row for each example.`,
  tooLarge: (file: string, numBytes: number, maxBytes: number) =>
    `${file} has ${formatBytes(numBytes)}; this page reads at most ${formatBytes(maxBytes)}. Use a smaller part of it.`,
  spreadsheet: (file: string) => `${file} is a spreadsheet or a ZIP archive. Save the sheet as CSV, or copy its cells and paste them here.`,
  packed: (file: string) => `${file} is compressed with gzip. Unpack it first.`,
  binary: (file: string) => `${file} is not a text file. Save it as CSV or JSON Lines in UTF-8.`,
  notUtf8: (file: string) => `${file} is not UTF-8 text. Save it as UTF-8.`,
  otherKind: (file: string) => `${file}: this page reads files that end in .csv, .tsv or .jsonl.`,
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
    `This page was reloaded, and this browser did not keep your examples. Add the same ones again; the tab then ${
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
  about: "Every number on this page comes from the coordinator’s journal.",
  connecting: "Looking for the run …",
  links: { connecting: "connecting", online: "live", retrying: "reconnecting", closed: "closed" },
  problems: {
    silent: "The coordinator does not answer. This page keeps trying.",
    notLive: "There is no live feed at this address. Is it a coordinator of this version?",
    unauthorised: "This run is not for everybody. Type the code word, or open the operator’s link.",
    foreign: "This address is not the coordinator’s. Use one that it printed.",
    full: "As many people watch as the operator allows. This page keeps trying.",
    notUnderstood: "This page does not understand the coordinator. Reload it.",
  },
  goodbyes: {
    finished: "The run is over and its coordinator has closed. This is how it ended.",
    newRun: "A new run follows.",
    closing: "The coordinator was stopped. The run can go on from here when it is started again.",
    removed: "The coordinator has closed this page.",
  },
  codeWord: "Code word",
  wrongWord: "That is not the word of this run.",
  watch: "Watch",
  fullScreen: "Full screen",
  leaveFullScreen: "Leave full screen",
  headlines: {
    waiting: "Waiting to begin",
    running: { score: "Scoring layers", count: "Counting layers", train: "Training" },
    done: "The run is over",
    failed: "The run has failed",
  },
  round: (round: number, numRounds: number) => `Round ${round} of ${numRounds}`,
  rounds: (numRounds: number) => formatCount(numRounds, "round"),
  tasks: (numIn: number, numAll: number) => `${numIn} of ${formatCount(numAll, "task")} in`,
  devicesHere: (numDevices: number, numConnected: number) =>
    `${formatCount(numDevices, "device")} in ${formatCount(numConnected, "client")}`,
  deadline: "Time left for this step",
  noDeadline: "no deadline",
  method: (strategy: string, task: string, backbone: string) => `${strategy} tunes ${backbone} for ${task}`,
  invitation: "Take part at",
};

/** The tiles of the stage. */
export const stageTiles = {
  title: "Devices",
  none: "No device yet. Whoever opens the link and presses Join appears here.",
  more: (count: number) => `and ${formatCount(count, "more device", "more devices")}`,
  device: (id: number) => `Device ${id}`,
  helper: "helper",
  states: {
    away: "away",
    loading: "loading",
    waiting: "waiting",
    scoring: "scoring",
    probing: "probing",
    training: "training",
    evaluating: "evaluating",
    paused: "paused",
    rests: "rests",
    late: "late",
    done: "done",
  },
  step: (step: number, numSteps: number) => `step ${formatWhole(step)}/${formatWhole(numSteps)}`,
  speed: (perSecond: number) => `${formatNumber(perSecond)} steps/s`,
  counts: (count: number, state: string) => `${formatWhole(count)} ${state}`,
};

/** The figures of the stage. */
export const stagePlots = {
  round: "round",
  score: "Right answers",
  scoreNames: { accuracy: "Right answers", tokenAccuracy: "Right tokens", exactMatch: "Right answers", rougeL: "ROUGE-L" },
  loss: "Loss",
  lossAxis: "loss",
  series: {
    training: "in training",
    global: "shared",
    newcomer: "newcomer",
    personalised: "personal",
    zeroShot: "before tuning",
  },
  /** Beside the latest score. */
  scoreOf: {
    global: "by the shared model",
    newcomer: "as a newcomer gets the model",
    personalised: "by each device’s own model",
    zeroShot: "before tuning",
  },
  noScore: "Nothing has been evaluated yet.",
  noLoss: "No round has trained yet.",
  ofTexts: (numTexts: number) => `of ${formatCount(numTexts, "hidden text")}`,
  latest: (name: string, value: string, texts: string) => `${name}: ${value} ${texts}`.trim(),
  layers: "Layers",
  layersNote:
    "A column is a round, a line a layer. A full note travels, and is larger where it moved further; a hollow one was only scored.",
  noLayers: "No layer has been scored or trained yet.",
  layer: (layer: number) => `layer ${layer}`,
  travels: (layers: readonly number[]) => `Layers that travel: ${layers.join(", ")}`,
  stages: { score: "score", count: "count", train: "" },
  bytes: "Bytes sent",
  bytesNote: (sent: string, all: string, share: string) => `${sent} so far, ${share} of the ${all} that every layer would have cost`,
  sentAll: (sent: string) => `${sent} so far`,
  bytesAxis: "per round",
  noBytes: "Nothing has been sent yet.",
  up: "from devices",
  down: "to devices",
  everything: "with every layer",
  drift: "Drift",
  driftAxis: "norm",
  driftNote: "How far devices move in a round, how far apart they end, and the norm of the control variate that draws them together.",
  driftSeries: { drift: "apart", update: "moved", control: "control" },
  noDrift: "No training round has been measured yet.",
  marks: {
    start: "start",
    pause: "pause",
    resume: "go on",
    stop: "stop",
    nextRound: "next round",
    sampleFraction: (fraction: number) => `${Math.round(100 * fraction)} % asked`,
    deadline: (seconds: number | null) => (seconds === null ? "no deadline" : `deadline ${formatSeconds(seconds)}`),
    skew: "skewed data",
    drop: (fraction: number) => `${Math.round(100 * fraction)} % dropped`,
    poison: (count: number) => `${formatCount(count, "device")} poisoned`,
    takeBack: (what: string) => `${what} taken back`,
    takenBack: { sampleFraction: "sample", deadline: "deadline", skew: "skew", drop: "drop", poison: "poison" },
    newRun: "new run",
    switchStrategy: (name: string) => `to ${name}`,
  },
};

/** One round in slow motion. */
export const slowMotion = {
  title: "One round in slow motion",
  open: "Step through a round",
  close: "Close",
  none: "A round can be stepped through once one has trained.",
  chooseRound: "Round",
  previous: "Back",
  next: "Next",
  keys: "Arrow keys step, Escape closes.",
  position: (step: number, numSteps: number) => `${step} of ${numSteps}`,
  coordinator: "Coordinator",
  coordinatorHolds: (values: string, hasControl: boolean) =>
    `Holds the shared parameters, ${values}${hasControl ? ", and a control variate for each device" : ""}.`,
  deviceHolds: (hasOwnLayers: boolean) =>
    hasOwnLayers ? "Each holds its own examples, its own layers and its optimiser." : "Each holds its own examples and its optimiser.",
  device: (id: number) => `Device ${id}`,
  others: (count: number) => `+ ${formatWhole(count)}`,
  mask: "Mask",
  maskLabel: (travelling: readonly number[], numLayers: number) =>
    `Layers that travel: ${travelling.length === 0 ? "none" : travelling.join(", ")}, of ${numLayers}`,
  titles: {
    choose: "The coordinator asks devices",
    send: "The shared layers go out",
    train: "Each device trains",
    back: "The changes come back",
    sum: "The coordinator makes one update",
    evaluate: "Devices look at hidden texts",
  },
  choose: (numAsked: number, numDevices: number) =>
    `It draws ${formatCount(numAsked, "device")} of ${formatWhole(numDevices)} from the run’s seed. The others rest in this round.`,
  send: ({
    layers,
    values,
    each,
    measured,
  }: {
    readonly layers: string;
    readonly values: string;
    readonly each: string;
    readonly measured: string;
  }) =>
    `The mask lets ${layers} through: ${values}, ${each} for each device. On the wire the step took ${measured} down, tasks and status included.`,
  layersOf: (numTravel: number, numLayers: number) => `${numTravel} of ${formatCount(numLayers, "layer")}`,
  values: (count: number) => formatCount(count, "value"),
  train: (seconds: string, loss: string | null) =>
    `On its own examples, which stay where they are, together with the layers that do not travel. The step took ${seconds}${loss === null ? "" : `; the loss of the last epoch was ${loss}`}.`,
  back: ({
    numCounted,
    numAsked,
    each,
    measured,
  }: {
    readonly numCounted: number;
    readonly numAsked: number;
    readonly each: string;
    readonly measured: string;
  }) =>
    `${numCounted} of ${formatCount(numAsked, "device")} answered with the difference to what they were sent, ${each} each. On the wire the step took ${measured} up.`,
  sum: ({
    rule,
    update,
    drift,
    control,
  }: {
    readonly rule: string;
    readonly update: string | null;
    readonly drift: string | null;
    readonly control: string | null;
  }) =>
    `By ${rule}. ${update === null ? "" : `Devices moved by ${update} on average`}${drift === null ? "" : `, and ${drift} apart from their mean`}${update === null ? "" : ". "}${control === null ? "" : `The control variate’s norm is ${control}.`}`.trim(),
  mean: "the mean, weighted by examples",
  rule: (name: string) => `the rule ${name}`,
  evaluate: (results: readonly string[], bytes: string) => `${results.join("; ")}. That took ${bytes}, counted apart.`,
};

/** What can be taken along from the stage. */
export const stageExport = {
  title: "Take along",
  json: "Numbers as JSON",
  csv: "Numbers as CSV",
  prompts: "Tuned parameters",
  report: "Report",
  noReport: "There is no report yet: it is written once a round has closed.",
};

/** The page where the tuned model answers. */
export const tryPage = {
  title: "Try the model",
};

/** What the operator has ordered, as everybody in the run is told. */
export const inForce = {
  paused: "The teacher has paused the run. Your place is kept; it goes on by itself.",
  drop: (fraction: string) => `A lesson is on: ${fraction} of each round’s devices are left out, as if they had gone.`,
  skew: "A lesson is on: the data are dealt again, so that each device sees few of the classes.",
  poison: (devices: string) => `A lesson is on: the coordinator turns round what ${devices} send, to show what wrong updates do.`,
  devices: (ids: readonly number[]) => (ids.length === 1 ? `device ${ids[0]}` : `devices ${ids.join(", ")}`),
};

/** The operator's panel on the stage. */
export const operator = {
  title: "Operate this run",
  forYou:
    "Shown to you alone, because you brought the operator’s link. Orders hold from the next plan on; what is under way goes on to its end.",
  connecting: "Asking the coordinator…",
  silent: "The coordinator does not answer. This page asks again every few seconds.",
  refused: "This operator’s link is not this coordinator’s. Open the link that `tutti serve` prints now; nothing has changed.",
  notUnderstood: "The coordinator answered in a way that this page does not understand. Reload it.",
  done: (what: string) => `Done: ${what}.`,
  notDone: (why: string) => `Nothing has changed: ${why}.`,
  runTitle: "The run",
  phases: { waiting: "Waiting", running: "Running", done: "Over", failed: "Failed" },
  at: (stage: string, round: number, numRounds: number) => `${stage}, round ${round} of ${numRounds}`,
  start: "Start",
  startAbout: "Begin with the devices that are here.",
  pause: "Pause",
  pauseAbout: "The open step ends, and no other begins.",
  resume: "Resume",
  resumeAbout: "The run is paused: go on where it was.",
  nextRound: "Next round",
  nextRoundAbout: "Close the open step with what is in.",
  stop: "Stop",
  stopAbout: "Close the coordinator; the run can be resumed.",
  newRun: "New run",
  newRunAbout: "Begin again with another seed; everybody follows.",
  confirmStop:
    "Stop the run? Every tab is told, and nobody can join until the same command starts it again. Nothing that was accepted is lost.",
  confirmNewRun:
    "Begin a new run? This one is closed and kept. The tabs that are here join the new one by themselves, at the same address.",
  confirmSwitch: (strategy: string) =>
    `Switch to ${strategy}? This run is closed and kept. A run that is linked to it goes on from its parameters, and the tabs join it by themselves.`,
  confirmSendAway: (who: string) => `Send ${who} away? Its devices and tasks go to others at once. It may come again.`,
  yes: { stop: "Stop the run", newRun: "Begin a new run", switchStrategy: "Switch", sendAway: "Send away" },
  no: "Leave it as it is",
  sizesTitle: "Each round",
  sampleFraction: "Devices asked in each round, in percent",
  sampleNow: (percent: string) => `Now ${percent} of all devices.`,
  sampleSettings: (count: number) => `Now as the settings say: ${count} devices.`,
  deadline: "Deadline of a step, in seconds",
  deadlineNow: (seconds: string) => `Now ${seconds}.`,
  noDeadline: "Now without a deadline.",
  deadlineHint: "Leave it empty for no deadline.",
  apply: "Apply",
  takeBack: "Take back",
  asSettings: "As the settings say",
  lessonsTitle: "Lessons",
  lessonsAbout: "Watch the curves: they answer within a few rounds.",
  skew: "Skew the data",
  skewAbout: "Deal the training data again, so that each device sees few of the classes. Sizes stay as they are.",
  drop: "Drop 30 %",
  dropAbout: "In each round 30 % of the devices, drawn by the run’s seed, count as left.",
  poison: "Poison two devices",
  poisonAbout: "The coordinator turns round, and makes larger, what two devices send. Their tabs stay honest.",
  from: (stage: string, round: number) => `In force since ${stage}, round ${round}.`,
  pending: "From the next round on.",
  poisonedNow: (devices: string) => `It is about ${devices}.`,
  switchTitle: "Strategy",
  switchAbout: "Another strategy begins a linked run from the present parameters.",
  strategy: "Go on with",
  strategies: {
    fedAvg: "FedAvg",
    fedAvgM: "FedAvgM, with server momentum",
    fedOpt: "FedOpt, with Adam on the server",
    scaffold: "SCAFFOLD",
    fedPepTao: "FedPepTAO",
  },
  switchButton: "Switch strategy",
  waitingTitle: "Waiting to come in",
  nobodyWaits: "Nobody is waiting.",
  approve: "Let in",
  approveAll: (count: number) => `Let all ${count} in`,
  clientsTitle: "Who is here",
  noClients: "Nobody is here yet.",
  sendAway: "Send away",
  standings: { in: "here", away: "away", waiting: "waiting", banned: "banned" },
  nameless: (key: string) => `client ${key}`,
  actionOn: (action: string, who: string) => `${action}: ${who}`,
  noDevices: "no devices",
  logTitle: "Orders so far",
  noOrders: "No order was given yet.",
  heldFrom: (stage: string, round: number, step: number) => `from ${stage}, round ${round}, step ${step}`,
  heldOnStep: (stage: string, round: number, step: number) => `closed ${stage}, round ${round}, step ${step}`,
  heldNext: "from the next plan on",
  followedBy: (runId: string) => `run ${runId} follows`,
  orders: {
    start: "start",
    pause: "pause",
    resume: "resume",
    stop: "stop",
    nextRound: "next round",
    sampleFraction: (percent: string) => `ask ${percent} of the devices`,
    deadline: (seconds: string | null) => (seconds === null ? "no deadline" : `deadline ${seconds}`),
    skew: "skew the data",
    drop: (percent: string) => `drop ${percent}`,
    poison: (devices: string) => `poison ${devices}`,
    takeBack: (what: string) => `take back: ${what}`,
    approve: "let a client in",
    sendAway: "send a client away",
    newRun: "new run",
    switchStrategy: (name: string) => `switch to ${name}`,
  },
  settings: {
    sampleFraction: "devices in each round",
    deadline: "deadline",
    skew: "skewed data",
    drop: "dropped devices",
    poison: "poisoned devices",
  },
};
