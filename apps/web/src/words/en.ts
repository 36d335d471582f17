import type { Missed, Stage, TaskKind } from "@tutti/core";
import { formatBytes, formatCount, formatNumber, formatPercent, formatSeconds, formatWhole, liveScore, ranksText } from "@tutti/core";
import type { BackendName, LoadProgress } from "@tutti/model";
import type { EvaluationPoint, PlanPoint, Status, Withdrawn } from "@tutti/protocol";
import { roundedSeconds, wattHours } from "../join/estimates.ts";
import type { RestReason } from "../join/resting.ts";

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
  /** Behind the name of a link, for people who hear it. */
  elsewhere: "(opens another tab)",
  join: "Join",
  stage: "Stage",
  try: "Try",
};

/** How numbers, sizes and times are written. */
export { formats } from "./englishFormats.ts";

/** The choice of a language, in every page's foot. */
export const languageChoice = {
  label: "Language",
  failed: "The file of this language did not arrive. Try again.",
};

/** How the page is connected. */
export const connectionNames = {
  offline: "not connected",
  connecting: "connecting",
  online: "connected",
  retrying: "reconnecting",
  stopped: "the run has stopped",
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
};

/** The tasks that come with Tutti; others have the titles of their files. */
export const taskTitles = {
  "feedback/sentiment": "Customer feedback: is it praise or a complaint?",
  "feedback/topic": "Customer feedback: what is it about?",
  replies: "Customer feedback: what would you reply?",
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
  kept: "The model and your place in the run, so that you can come back. “Leave and delete my data” removes your place here and on the server.",
  keptOwn: "Your own examples, if you add some, until you press “Forget them all”.",
  keptNothing: "Nothing: its settings forbid it. After a reload, the tab starts again.",
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
  forwardMemory: (gib: number, neededBytes: number) =>
    `About ${formatNumber(gib)} GB; training takes about ${formatBytes(neededBytes)}. Your device tries out changes of the model instead, which takes less, and sends how well each did.`,
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
  addAsClass: (name: string) => `Add it as ${name}`,
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
  stopped: "The run has been stopped",
  replaced: "Another tab has taken over",
  finished: "The run is finished",
  left: "You have left",
  reload: "This page is out of date",
  failed: "This tab cannot take part",
  evaluate: "Testing how well the model does",
  search: "Searching for a better prompt with this tab’s examples",
  edit: "Trying other words in the prompt with this tab’s examples",
  perturb: "Trying changes with this tab’s examples",
  score: "Scoring the layers",
  probe: "Measuring how many layers are needed",
  train: "Training on this tab’s examples",
  logits: "Reading with the large model",
  distil: "Distilling the large model into the small one",
  answers: "Answering messages for the report",
};

/** The headline while only other devices have something to do. */
export const othersHeadlines: Readonly<Record<TaskKind, string>> = {
  train: "Ready, while other devices train",
  evaluate: "Ready, while other devices test the model",
  score: "Ready, while other devices score the layers",
  probe: "Other devices are measuring how many layers are needed",
  search: "Other devices are searching for a better prompt",
  edit: "Other devices are trying other words in the prompt",
  perturb: "Other devices are trying changes",
  logits: "Ready, while the large model reads",
  distil: "Ready, while the large model is distilled",
  answers: "Ready, while the report’s messages are answered",
};

/** The headline while the tab rests. */
export const restHeadlines: Readonly<Record<RestReason, string>> = {
  user: "Paused",
  afterTask: "Paused",
  dataCap: "Paused: your data limit is reached",
  notCharging: "Resting until this computer charges",
  notIdle: "Resting while you use this computer",
  hidden: "Resting until you look at this tab",
};

/** What resting means. `holdSeconds` is how long a task that was begun waits in the tab. */
export function restExplanations(reason: RestReason, holdSeconds: number, isHeld: boolean): string {
  const why = {
    user: "This tab does nothing until you resume, also after a reload.",
    afterTask: "This tab gets no new work until you resume, also after a reload.",
    dataCap: "Resume to allow as many bytes again, or choose a larger limit below.",
    notCharging: "It goes on by itself when the charger is connected.",
    notIdle: "It goes on by itself when you have been away for a minute.",
    hidden: "It goes on by itself.",
  }[reason];
  return isHeld
    ? `${why} The task it had begun waits here for ${formatSeconds(holdSeconds)}; then it goes back, so that nobody waits for it.`
    : why;
}

/** What the state means for the volunteer, and what to do. */
export const explanations = {
  unapproved: "The operator of this run lets each tab in. Leave this tab open: it begins by itself.",
  retrying:
    "The server of the run may be restarting, or the network may be down. This tab keeps its work and reconnects by itself; leave it open.",
  stopped:
    "The coordinator said goodbye and has ended. This tab keeps its work; if the run goes on, it takes part again by itself. You can also close it.",
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
  working: "You need do nothing. Your examples stay in this tab; what it has sent is listed below.",
  preparing: "The model is downloaded once; most browsers keep it for the next visit.",
  notBegun: "The run begins when enough devices have joined.",
  arriving: (numLoading: number, numReady: number, numNeeded: number) =>
    `${formatCount(numLoading, "device")} ${numLoading === 1 ? "is" : "are"} loading in the tabs that are here; ${formatWhole(numReady)} of ${formatWhole(numNeeded)} are ready.`,
  othersWork: (numDone: number, numTasks: number) =>
    `${formatWhole(numDone)} of ${formatCount(numTasks, "device")} in this step ${numDone === 1 ? "is" : "are"} done. Leave this tab open: its turn may come.`,
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
  resets: (count: number) => `${formatCount(count, "device")} started again from the shared prompts. The last:`,
  staffNote: "Notes are rounds; a higher note means a lower loss.",
  layersTitle: "Layers",
  layersNote: "A taller bar is a layer that matters more.",
  noLayersYet: "The run has not chosen layers yet. Until then, it shares all of them.",
  shared: "travel",
  notShared: "stay on their device",
  /** Where scores differ by orders of magnitude. */
  logScale: "The scale is logarithmic.",
  lossTitle: "Loss by round",
  noLossYet: "The line starts with the first training round.",
  lossNote: "Mean over each round; lower is better.",
  lossHere: "this tab",
  lossAll: "all devices",
  taskProgress: "Progress of this task",
  downloadProgress: "Progress of the download",
  stepOf: (step: number, numSteps: number) => `step ${step} of ${numSteps}`,
  replayOf: (done: number, all: number) => `catching up, ${done} of ${all}`,
  taskOf: (deviceId: number) => `device ${deviceId}`,
  tasksDone: (count: number) => `${formatCount(count, "task")} done in this tab`,
  downloaded: (numBytes: number, totalBytes: number) => `${formatBytes(numBytes)} of ${formatBytes(totalBytes)}`,
  pace: (bytesPerSecond: number, secondsLeft: number) =>
    `${formatBytes(bytesPerSecond)}/s · ${formatSeconds(Math.round(secondsLeft))} left`,
};

/** How far the whole run is. */
export const wholeProgress = {
  soFar: (numRounds: number) => `${formatCount(numRounds, "round")} so far`,
  untilStopped: "Goes on until somebody stops it.",
  run: "The whole run",
  round: "This round",
  task: "This task",
  /** `41 % · about 12 min left`; null where nobody knows yet how long it takes. */
  left: (fraction: number, secondsLeft: number | null) =>
    `${Math.round(100 * fraction)} % · ${secondsLeft === null ? "time left unknown" : `about ${formatSeconds(roundedSeconds(secondsLeft))} left`}`,
  stages: { score: "scoring", count: "counting", train: "training" },
  roundDone: (numDone: number, numTasks: number) => `${formatWhole(numDone)} of ${formatCount(numTasks, "device")} done`,
  betweenRounds: "between two steps",
  noTask: "none at the moment",
};

/** What went wrong here and was mended. */
export const incidents = {
  title: "What happened here",
  at: (ms: number) => new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }),
  slept: (seconds: number) => `This computer slept for ${formatSeconds(seconds)}. The tab checked its connection and goes on.`,
  online: (seconds: number) => `The connection was lost for ${formatSeconds(seconds)}. It is back, and no work was lost.`,
  workerRestarted: (reason: string) => `This tab’s worker was lost (${reason}). Another one was started, and the task is computed again.`,
  cameBackPaused: "This tab was paused when it was reloaded, so it is still paused.",
};

/** What the tab has contributed. */
export const contributions = {
  title: "My contributions",
  none: "None yet. Each task that the coordinator accepts is listed here.",
  total: (count: number, numBytes: number) => `${formatCount(count, "contribution")}, ${formatBytes(numBytes)} sent`,
  heads: ["Time", "Round", "What", "Size"],
  kinds: {
    train: "training",
    evaluate: "test",
    score: "layer scores",
    probe: "spectrum",
    search: "search",
    edit: "edits of the prompt",
    perturb: "trying changes",
    logits: "logits",
    distil: "distillation",
    answers: "answers",
  },
  round: (stage: Stage, round: number) => `${{ score: "scoring", count: "counting", train: "training" }[stage]} ${round}`,
  time: (ms: number) => new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  size: (numBytes: number) => formatBytes(numBytes),
  latest: (count: number) => `Show the latest ${formatWhole(count)}`,
  all: (count: number) => `Show all ${formatWhole(count)}`,
  receipt: "Download a receipt",
  receiptNote: "A file signed by the run: what this tab contributed, and when. Anyone can check it:",
};

/** How much of the computer is lent, and when. */
export const controls = {
  title: "How much you lend",
  load: "Load",
  loadOf: (percent: number) => (percent === 100 ? "100 %: computes all the time" : `${percent} %: rests the remaining time, between steps`),
  when: "Take part only when",
  idle: "I am not using this computer",
  idleNote: "The browser asks you for permission.",
  charging: "the charger is connected",
  visible: "this tab is visible",
  limit: "Data limit",
  noLimit: "no limit",
  limitOf: (numBytes: number) => formatBytes(numBytes),
  limitNote: (numBytes: number) =>
    `This tab has sent and received ${formatBytes(numBytes)} since it joined, without the model. At the limit it pauses.`,
  awake: "Keep the screen awake while it trains",
  kept: "This browser remembers these choices.",
};

/** What the work of the tab took. */
export const energy = {
  title: "Energy",
  none: "Nothing has been computed yet.",
  range: (from: number, to: number) => (to < 0.1 ? "less than 0.1 Wh" : `about ${wattHours(from)} to ${wattHours(to)} Wh`),
  byPower: (seconds: number, kind: EnergyKind, from: number, to: number) =>
    `Estimated: ${formatSeconds(Math.round(seconds))} of computing, times the ${from} to ${to} W that full load adds on a ${energy.kinds[kind]}. Not measured.`,
  byBattery: (percent: number, kind: EnergyKind, from: number, to: number) =>
    `Measured by the browser: the battery fell by ${percent} % while this tab took part, with all that ran beside it. A ${energy.kinds[kind]}’s battery holds ${from} to ${to} Wh.`,
  kinds: { phone: "phone", tablet: "tablet", laptop: "laptop", computer: "laptop or desktop computer" },
  compare: "For comparison: an LED lamp takes 8 Wh in an hour.",
};

type EnergyKind = "phone" | "tablet" | "laptop" | "computer";

/** The buttons. */
export const buttons = {
  reload: "Reload",
  tryAgain: "Try again",
  newRun: "Look for a new run",
  useThisTab: "Use this tab instead",
  joinAgain: "Join again",
  resume: "Resume",
  pause: "Pause",
  pauseAfterTask: "Finish this task, then pause",
  leave: "Leave",
  leaveAndDelete: "Leave and delete my data",
};

/** What the tab has sent and received. */
export const traffic = {
  title: "This tab’s traffic",
  sent: "sent",
  received: "received",
  layers: "of that, trained layers",
  allLayers: "all layers would have been",
  states: "of that, copies of private layers",
  /** `The layers that travel are 39 % of all layers, in the same encoding.` */
  saved: (ofAll: number, ofF32: number) =>
    `The layers that travelled are ${Math.round(100 * ofAll)} % of all layers in the same encoding, ` +
    `and ${Math.round(100 * ofF32)} % of all layers in four bytes for each number.`,
  nothingYet: "Compared with all layers once this tab has trained.",
  note: "The download of the model is not counted.",
};

/** What the tab computes with. */
export const computer = {
  title: "This computer",
  backend: "computes on",
  devices: "devices here",
  noDevices: "none yet",
  /** Of a tab that rests: its devices moved to others. */
  noDevicesNow: "none while it rests",
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
  /** Under a score: the 95 % interval. */
  between: (from: number, to: number) => `between ${formatPercent(from)} and ${formatPercent(to)} (95 % interval)`,
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
    `Scores: ${list}. ${selected === null ? "No layers chosen yet" : `Layers that travel: ${selected.join(", ") || "none"}`}.`,
  score: (layer: number, score: number | null) => `layer ${layer}: ${score === null ? "not scored" : score.toPrecision(3)}`,
  noLoss: "No loss yet",
  loss: (first: string, latest: string) => `Mean training loss of this tab by round: ${first} at first, ${latest} now`,
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
  roundSoFar: (round: number) => `Round ${formatWhole(round)}`,
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
  travels: (layers: readonly number[]) => `Layers that travel: ${layers.join(", ")}`,
  stages: { score: "score", count: "count", train: "" },
  bytes: "Bytes sent",
  bytesNote: (sent: string, all: string, share: string) => `${sent} so far, ${share} of the ${all} that every layer would have cost`,
  sentAll: (sent: string) => `${sent} so far`,
  noBytes: "Nothing has been sent yet.",
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
  noPrompts: "Nothing is tuned yet: the parameters are there once a training round has closed.",
  noReport: "There is no report yet: it is written once a round has closed.",
};

/** The page where the tuned model answers. */
export const tryPage = {
  title: "Try the model",
  lead: "Type a text. The model answers in this browser; nothing that you type is sent.",
  model: (task: string, backbone: string) => `${task} · model ${backbone}`,
  roundNow: (round: number, isOver: boolean) => (isOver ? `tuned in ${formatCount(round, "round")}` : `tuned until round ${round}`),
  loadingTitle: "The model is on its way",
  failedTitle: "The model cannot be tried here",
  yourText: "Your text",
  secondText: "Second text",
  placeholder: "Type a text …",
  example: "Another example",
  answersTitle: "Answers",
  typeFirst: "Type a text to see what the model answers.",
  cut: (numCut: number, numTokens: number) =>
    `The text is too long for this model: the last ${formatWhole(numCut)} of its ${formatWhole(numTokens)} tokens were not read.`,
  cutAtBeginning: (numCut: number) => `The text is too long for this model: its first ${formatCount(numCut, "token")} were not read.`,
  before: "Before tuning",
  tuned: "After tuning",
  own: (deviceId: number) => `Your device ${deviceId}`,
  beforeNote: "the model as it was pretrained",
  tunedNote: (round: number | null) => (round === null ? "shared by all" : `shared by all, after round ${round}`),
  ownNote: "shared layers and its own",
  whichDevice: "Whose layers",
  noDevice: "none",
  heard: (who: string, answer: string, share: number) => `${who}: ${answer}, ${formatPercent(share)}`,
  noBefore: "Before tuning this model cannot answer.",
  nothingTuned: "Nothing is tuned yet, so only the pretrained model answers. Once a round has ended, the tuned model answers here too.",
  silent: "The server of this run does not answer, so only the pretrained model answers.",
  locked: "This run is by code word. With it, the tuned model answers here too.",
  lockedByInvitation: "This run is by invitation: open this page with the link of your invitation, and the tuned model answers too.",
  lockedLater: "Too many wrong code words came from here. Wait a minute, then try again.",
  codeWord: "Code word",
  open: "Show the tuned model",
  unusable: "The tuned model cannot answer here.",
  ownProblem: "Your device’s own layers cannot answer.",
  aloneNote:
    "In this run each device trains alone and nothing is shared, so that a newcomer has the parameters that everybody started from.",
  otherRun: "Another run has begun at this address. Reload this page to try its model.",
  newer: (round: number) => `Round ${round} is there.`,
  useNewer: "Use it",
  otherParameters:
    "The link to this page was made with other parameters of this run, so the answers may differ from those that were meant.",
  computesOn: (backend: string) => `Computes on ${backend}.`,
  offlineReady: "This page also works without a network.",
  offlineInsecure: "This page needs the network: it came over plain http, where browsers keep no pages.",
  offlineUntrusted: "This page needs the network: this browser does not trust the server’s certificate, or keeps no pages.",
};

/** A text that goes to the examples of who typed it. */
export const tryCorrection = {
  title: "Teach it: add this text to my examples",
  note: "The text and the answer that you choose stay in this browser; your device trains on them from its next task on.",
  addAs: "The right answer is",
  added: (name: string) => `Added as “${name}”.`,
  failed: "It could not be added: this browser keeps nothing.",
};

/** Which words of a text mattered. */
export const tryWords = {
  title: "Which words mattered",
  note: "Each word is left out once. The more the answer’s probability falls without it, the more it mattered.",
  pick: "Answer",
  show: "Show the words",
  stop: "Stop",
  progress: "Words left out so far",
  progressText: (numDone: number, numWords: number) => `${numDone} of ${formatCount(numWords, "word")}`,
  forWhom: (name: string, who: string) => `${who}, for “${name}”:`,
  speaksFor: "speaks for it",
  speaksAgainst: "speaks against it",
  word: "Word",
  effect: "Change in points",
  points: (effect: number) => `${effect >= 0 ? "+" : "−"}${Math.abs(100 * effect).toFixed(1)}`,
  cut: (maxWords: number) => `Only the first ${formatWhole(maxWords)} words are left out one by one.`,
  none: "There are no words to leave out.",
};

/** Many texts from a file. */
export const tryBatch = {
  title: "Many texts at once",
  note: "A CSV, TSV or JSON Lines file with a text in each row. It stays in this browser.",
  file: "File",
  textColumn: "Text",
  secondColumn: "Second text",
  labelColumn: "Right answer, if there is one",
  noColumn: "none",
  who: "Who answers",
  start: (count: number) => `Ask about ${formatCount(count, "text")}`,
  stop: "Stop",
  progress: "Texts answered so far",
  progressText: (numDone: number, count: number) => `${numDone} of ${formatCount(count, "text")}`,
  download: "Download the answers as CSV",
  tableTitle: "The answers",
  heads: { row: "Row", text: "Text", answer: "Answer", share: "Probability", label: "Right answer" },
  shown: (numShown: number, count: number) =>
    `The first ${formatWhole(numShown)} of ${formatCount(count, "text")} are shown; the download has all.`,
  right: "right",
  wrong: "wrong",
  accuracy: (numRight: number, count: number) =>
    `${formatPercent(numRight / count)} right: ${formatWhole(numRight)} of ${formatCount(count, "text")}`,
  matrixTitle: "Confusion matrix",
  matrixNote: "Rows are the right answers, columns what the model says; the darker, the larger the share of its row.",
  matrixCorner: "Right answer \\ model",
  unlabelled: (count: number, labels: string) =>
    `${formatCount(count, "row")} have a right answer that this task does not know (${labels}); they are not counted.`,
  skipped: (count: number) => `${formatCount(count, "row")} without a text were left out.`,
  tooLarge: (file: string, numBytes: number, maxBytes: number) =>
    `${file} has ${formatBytes(numBytes)}; this page reads at most ${formatBytes(maxBytes)}. Use a smaller part of it.`,
  tooManyRows: (maxRows: number) => `Only the first ${formatWhole(maxRows)} rows are asked about.`,
  noRows: (file: string) => `${file} has no rows below its column names: save the texts one to a row, and choose it again.`,
  noColumns: (file: string) => `${file} has no columns that can be read: its first row must name them.`,
  wrongKind: (file: string) => `${file} cannot be read: choose a file that ends in .csv, .tsv or .jsonl; save a spreadsheet as CSV UTF-8.`,
};

/** Answers in words. */
export const tryDraw = {
  title: "Answers, word by word",
  note: "The model writes one token after the other. Choose a token to see the five likeliest in its place.",
  prompt: "How the text is put to the model",
  temperature: "Temperature",
  temperatureNote: "0 always takes the likeliest token; higher is bolder.",
  seed: "Seed",
  seedNote: "The same seed draws the same answer.",
  length: "Tokens at most",
  start: "Answer",
  stop: "Stop",
  small: "Small model, tuned",
  large: "Large model",
  proxy: "Large model, steered by the small one",
  smallNote: "what the devices tuned",
  largeNote: "as it was pretrained",
  proxyNote: (a: string) => `shifted by ${a} times what tuning changed of the small model`,
  dial: "Strength of steering (a)",
  largeTitle: "The large model beside the small one",
  largeNoteBefore: (name: string) =>
    `In this run the small model’s tuning steers ${name}. With it, the three models answer beside each other.`,
  loadLarge: (name: string, numBytes: number) => `Download ${name} (${formatBytes(numBytes)})`,
  askLarge: (name: string) => `Download ${name}`,
  largeProgress: "Download of the large model",
  nothingYet: "No answer yet.",
  end: "end",
  token: (text: string, share: number) => `“${text}”, ${formatPercent(share)}`,
  candidatesTitle: (place: number) => `Likeliest at token ${place}`,
  candidate: "Token",
  share: "Probability",
};

/** Passing on what the page has. */
export const tryShare = {
  title: "Keep and share",
  linkTitle: "Share this question",
  linkNote:
    "The text is in the part of the link behind #, which browsers send to no server. The link lets nobody into a run that is not open to everybody.",
  link: "Link",
  copy: "Copy link",
  copied: "Copied",
  promptsTitle: "Take the tuned parameters with you",
  promptsNote: (numParameters: number, backbone: string) =>
    `${formatCount(numParameters, "tensor")} as safetensors. They fit the model ${backbone} alone, and are of no use without it.`,
  download: "Download prompts.safetensors",
  inTerminal: "In a terminal, where Tutti is installed:",
  inPython: "In Python, the numbers and what they belong to:",
  peft: "transformers cannot load this file as it is. This makes an adapter of it for Hugging Face’s peft, with a README that shows how to load it:",
  noPeft: (reason: string) => `transformers cannot load this file, and peft has no form for it: ${reason}.`,
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
  notDone: (why: string) => `Nothing has changed. ${why}`,
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

/** A class: the page about the certificate, the code on the wall, texts that are typed. */
export const classroom = {
  trustTitle: "Your browser is about to warn you",
  trustLead:
    "The next page is encrypted with a certificate that this class’s own computer has made. Nobody else has signed it, so your browser cannot tell " +
    "whose it is, and says so once. Only go on if you are in this class.",
  pastTitle: "Nothing to warn of",
  pastLead: "This page has reached you without a warning, or you have gone past it already.",
  goSecure: "Open the encrypted page",
  goOn: "Go on",
  seeTitle: "What you will see",
  otherBrowser: (name: string) => `In ${name}`,
  warnings: {
    chrome: {
      name: "Chrome, Edge or Samsung Internet",
      says: "“Your connection is not private”, or “Privacy error”",
      steps: ["Press “Advanced”.", "Press “Proceed to …”; in some versions it is small and underlined."],
    },
    safari: {
      name: "Safari, or any browser on an iPhone",
      says: "“This Connection Is Not Private”",
      steps: ["Press “Show Details”.", "Press “visit this website”, and confirm it."],
    },
    firefox: {
      name: "Firefox",
      says: "“Warning: Potential Security Risk Ahead”, or “Be careful. Something doesn’t look right”",
      steps: ["Press “Advanced…”.", "Press “Accept the Risk and Continue”, or “Proceed”."],
    },
  },
  fingerprintTitle: "The certificate’s fingerprint",
  fingerprintNote:
    "Who wants to be sure compares this with what the browser shows of the certificate, and with the teacher’s screen. It is a SHA-256 fingerprint.",
  plainTitle: "If your phone does not let you go on",
  plainNote:
    "Take part without encryption. It works the same, but more slowly: over plain http browsers allow neither the GPU nor several threads. Others in this " +
    "network could read what is sent; your examples are never sent.",
  goPlain: "Go on without encryption",
  joinCode: "QR code: scan it to take part",
  helpers: ({ numConnected, numTraining }: NonNullable<Status["helpers"]>) =>
    numTraining === 0
      ? `${formatCount(numConnected, "helper device")} of the organiser, at rest`
      : `${formatCount(numTraining, "helper device")} of the organiser, until more people come`,
  typedOnly: "This class types its own texts. Type a few, and say what each is; more can follow while the tab trains.",
  growTitle: "Add a text",
  growNote: "It stays in this tab. The next round that this tab trains in has it.",
  typed: (numTrained: number, numKeptBack: number) =>
    numKeptBack === 0
      ? `${formatCount(numTrained, "text")} to train on. Every fifth stays back in this tab, so that the model is tested on texts it has not seen.`
      : `${formatCount(numTrained, "text")} to train on; ${formatWhole(numKeptBack)} kept back in this tab, to test the model on.`,
  ofKeptBack: (count: number) => (count === 1 ? "of one kept-back text" : `of ${formatWhole(count)} kept-back texts`),
  correct: "What should it be? Put this text into your own examples as",
  corrected: {
    taken: "It is in your own examples. The next round that your tab trains in has it.",
    share: "Your tab trains a share of the run’s examples. Join with examples of your own to add to them.",
    nobody: "Open the join page in another tab of this browser, with examples of your own, and press it again.",
  },
  wrongWord: "That is not this run’s code word. Read the three words on the wall again: case and hyphens do not matter.",
};

/** What the run says beside its numbers: why it waits, or why a step was repeated. */
export const sayings = {
  registering: (count: number, needed: number) => `${formatWhole(count)} of ${formatCount(needed, "device")} have registered.`,
  gathering: (count: number, needed: number) =>
    `${formatWhole(count)} of ${formatCount(needed, "device")} have registered; the operator can start the run earlier.`,
  tooFew: (count: number, needed: number) => `${formatCount(count, "device")} can take part; at least ${formatWhole(needed)} are needed.`,
  nobodyConnected: "No device is connected.",
  operatorPaused: "The operator has paused the run.",
  firstPerson: "The run begins when the first person joins.",
  computeMissing: "The run waits for a compute client, which the operator starts.",
  computePaused: "The compute client is paused.",
  computeArriving: "The compute client is getting ready.",
  reportWaits: "The run is over; its report waits for a compute client that answers some messages.",
  storageFull: "The server’s disk is full. Nothing is accepted until there is room; nothing is lost.",
  away: (ids: string) => `Picked for this round, but not connected: device ${ids}.`,
  tabsPaused: (count: number) => `Paused: ${formatCount(count, "tab")}.`,
  allPaused: (count: number) => `Every connected tab is paused (${formatWhole(count)}).`,
  noneWorks: (numPaused: number, numDeclined: number, numArriving: number) =>
    `No device can work yet. Paused: ${formatCount(numPaused, "tab")}; unable to take part: ${formatWhole(numDeclined)}; getting ready: ${formatWhole(numArriving)}.`,
  repeated: ({ count, numAsked, needed, numLeft, numLate, numDeclined }: Missed) =>
    `The step is repeated: ${formatWhole(count)} of ${formatCount(numAsked, "contribution")} arrived, ${formatWhole(needed)} are needed. Left: ${formatWhole(numLeft)}; late: ${formatWhole(numLate)}; unable: ${formatWhole(numDeclined)}.`,
  unanswered: ({ count, numAsked, needed, numLeft, numLate, numDeclined }: Missed) =>
    `The report has no answers: ${formatWhole(count)} of ${formatWhole(numAsked)} arrived, ${formatWhole(needed)} are needed. Left: ${formatWhole(numLeft)}; late: ${formatWhole(numLate)}; unable: ${formatWhole(numDeclined)}.`,
  resets: {
    lost: (deviceId: number) => `Device ${deviceId} lost its private state and starts again.`,
    declined: (deviceId: number) => `Device ${deviceId} came with a private state that its host declined, and starts again.`,
    untrusted: (deviceId: number) => `Device ${deviceId} moved without its private state and starts again.`,
    withdrawn: (deviceId: number) => `Device ${deviceId} was taken back by its client and starts again.`,
  },
  leftOut: (deviceId: number, lack: string) => `Device ${deviceId} is left out: ${lack}`,
  lacks: {
    memory: (needed: number, available: number) =>
      `the smallest plan needs ${formatBytes(needed)} of memory, and there are ${formatBytes(available)}. Close other tabs, or use a machine with more.`,
    roundTime: (needed: number, available: number) =>
      `the smallest plan takes ${formatSeconds(needed)} a round, and a round may take ${formatSeconds(available)}. Fewer examples take less.`,
    downloadTime: (needed: number, available: number) =>
      `the smallest model takes ${formatSeconds(needed)} to download, and may take ${formatSeconds(available)}. Use a faster connection.`,
  },
};

/** Why the coordinator turns a tab away. */
export const turnedAway = {
  other: (rule: string) => `The coordinator does not let this tab in (rule ${rule}).`,
  ownNeedsOpenRun: "This run gives out its own examples. Join with a share of them.",
  typedOnly: "Those who take part type the texts of this run. Join with examples of your own.",
  backwardNeeded: "This device has too little memory to train in this run. Join with another one.",
  holdsShare:
    "This browser has a share of the run’s examples. Join with the share again, and leave and delete your data before you bring your own.",
  sentAway: "The operator has sent this tab away.",
  banned: "The operator has closed this run to this browser.",
  wordMissing: "This run is by code word. Open the link that the operator gave you, or ask for the word.",
  wordWrong: "That is not this run’s code word. Open the link that the operator gave you, or ask for the word.",
  invitationMissing: "This run is by invitation. Open the link that you were sent.",
  invitationForeign: "The invitation is not one to this run. Open the link that you were sent, as a whole.",
  invitationUsed: "Somebody else, or another browser, has used this invitation. Ask for one for yourself.",
  invitationEnded: (day: string) => `The invitation ended on ${day}. Ask for another one.`,
  behindProxy:
    "Too many wrong words came through the proxy in front of this server, which makes all visitors look like one. Wait a minute, and tell the operator: the server needs --trust-proxy.",
  runFull: (most: number) => `The run is full: it takes at most ${formatCount(most, "tab")}.`,
  devicesFull: (most: number) => `The run is full: it has at most ${formatCount(most, "device")}.`,
  addressFull: (most: number) => `The run takes at most ${formatCount(most, "tab")} from one address. Close a tab there, or come later.`,
  tokenFull: (most: number) => `The run takes at most ${formatCount(most, "tab")} by one invitation. Ask for another one.`,
  noPlan: (lack: string) => `No plan of this run fits this machine: ${lack}`,
};

/** What went wrong in this tab; a detail in English may follow. */
export const tabProblems = {
  otherNumbers: "This computer gets other numbers than the reference, so its work cannot be used. Try another browser or computer.",
  broken: "Something went wrong here. Reload the page to try again.",
  notDeleted: "Nothing was deleted. Try again when the coordinator answers.",
  notUnderstood: "The coordinator sent a message that this page does not understand. Reload the page.",
  workRefused: "The coordinator refused this tab’s work.",
  taskFailed: "This tab could not do a task. Others do it.",
  unsent: "Work that was finished before could not be sent.",
  deviceRefused: (rule: string) => `The coordinator refused a device (rule ${rule}).`,
  gpuLost: "the GPU was taken away",
  workerStopped: "the program stopped",
};

/** Why this tab computes on what it does. */
export const backendReasons = {
  titles: { webgpu: "WebGPU", wasm: "WASM", cpu: "Plain JavaScript" },
  on: (name: string, adapter: string) => `${name} on ${adapter}`,
  withThreads: (name: string, threads: number) => `${name} with ${formatCount(threads, "thread")}`,
  fastest: (name: string, ms: number) => `${name} takes ${formatWhole(ms)} ms for a test step.`,
  slower: (name: string, ms: number) => `${name} takes ${formatWhole(ms)} ms.`,
  remembered: (day: string) => `Remembered from ${day}.`,
  askedBy: {
    run: (name: string) => `${name}, because the run asks for it.`,
    address: (name: string) => `${name}, because this page’s address asks for it.`,
    client: (name: string) => `${name}, because this client asks for it.`,
    fallback: (name: string) => `${name}, because the others did not start.`,
  },
  insecure: "One thread, because browsers share memory between threads only on pages from https or localhost.",
  notIsolated: "One thread, because this page came without the headers that isolate it, or is inside another page.",
  noSharedMemory: "One thread, because this browser shares no memory between threads.",
  oneCore: "One thread, because this browser says that the computer has one core.",
  fewCores: (threads: number) => `Only ${formatCount(threads, "thread")}, as many as this browser says that the computer has cores.`,
  kernels: { shared: "Kernels with workgroup memory.", registers: "Kernels without barriers." },
  plainAsked: "The fast kernels are turned off, as asked.",
  plainFailed: "This computer’s fast kernels fail the test, so the plain ones are used.",
  noStart: (name: string) => `${name} does not start.`,
  noGpu: {
    noGpu: "WebGPU does not start: the browser lends no GPU. It may block this GPU’s driver.",
    notOffered: "WebGPU does not start: this browser offers no WebGPU.",
    insecure: "WebGPU does not start: browsers offer it only to pages from https or localhost.",
  },
  noCompute: (name: string) => `${name} does not compute.`,
  software: (adapter: string) => `The GPU was left out: ${adapter} is simulated in software.`,
};

/** Why an order of the operator's is refused. */
export const orderRefusals = {
  beginsByItself: "This run begins by itself when its devices are here.",
  hasBegun: "The run has begun already.",
  isPaused: "The run is paused already.",
  isNotPaused: "The run is not paused.",
  unknownClient: "Nobody here has this key any more.",
  isOver: "The run is over.",
  isFollowed: "Another run follows this one already.",
  isBeingFollowed: "Another run is being made ready to follow this one.",
  nothingLearnt: "Nothing has been learnt yet that another strategy could go on from. Wait for the first step.",
  servesOne: "This coordinator serves one run alone. Start `tutti serve` to have others follow.",
  byInvitation: "A run by invitation cannot be followed: its invitations are for it alone.",
  nobodyToPoison: "No device is here to be poisoned.",
  noUpdates: "Devices of this run send no updates, so that none can be poisoned.",
  noSampleFraction: "This strategy decides by itself how many devices it asks.",
  noClasses: "The data cannot be skewed by label: this task has no classes.",
  nothingToTakeBack: "There is nothing of this kind to take back.",
  noOpenStep: "No step is open: there is nothing to close.",
  computeStep: "This step is the compute client’s: it ends by itself.",
  tooFewForRule: (size: number) => `The rule of aggregation needs more updates than ${formatCount(size, "device")} can give.`,
  nobodyDropped: (percent: string, size: number) => `${percent} of ${formatCount(size, "device")} is nobody. Ask more devices first.`,
  tooFewIn: (numIn: number, numTasks: number, needed: number) =>
    `${formatWhole(numIn)} of ${formatCount(numTasks, "contribution")} are in, and the round needs at least ${formatWhole(needed)}. Wait a moment, or send away who does not answer.`,
};

/** Why peft has no form for a method's parameters. */
export const noPeftReasons = {
  adapter: "it has no bottleneck networks behind attention and feed-forward part",
  inputPrompt: "Tutti writes no PROMPT_TUNING adapters, only PREFIX_TUNING and LORA",
  ofEachText: "the method makes a prompt from each text, and a prompt of peft is the same for every text",
  latePrompt: "the method makes a prompt from each text, and puts it in at the middle layer, where peft has none",
  projectedPrompt: "a vector is tuned of which the run’s seed makes the prompt",
  tensorTrain: "it has no networks of tensor trains behind attention and feed-forward part",
  discretePrompt: "the prompt is words: put them in front of each text",
  full: "every weight of the layers is trained, and an adapter leaves the model’s weights as they are",
};

/** Shared computers. */
export const forgetting = {
  button: "Forget everything on this computer",
  question:
    "Delete all that this browser keeps of this site: the model, your places in runs, your examples, your name and your choices? What runs have learned stays in them.",
  yes: "Forget it all",
  no: "Keep it",
  left: "Another tab of this site is open and still keeps something. Close it, then press the button again.",
};
