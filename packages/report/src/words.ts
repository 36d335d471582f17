import { formatCount, isTextMetric, type MainMetric, type TextScores } from "@tutti/core";
import { textScoreNames } from "@tutti/record";

/** What is at the head of a section, of a table and of their parts. */
export const titles = {
  progress: "Progress",
  findings: "Findings",
  scores: "Scores",
  answers: "Answers",
  spread: "Spread over devices",
  tasks: "Tasks",
  cost: "Cost",
  fleets: "Fleets",
  attacks: "Attacks",
  traffic: "Traffic",
  time: "Time",
  tradeoff: "Score against bytes",
  curves: "Curves",
  layers: "Layers",
  plans: "Plans",
  rates: "Learning rates",
  definitions: "Methods",
  sources: "Source prompts",
  faults: "Injected faults",
  failures: "Failed runs",
  shortfalls: "What did not work",
  otherModels: "Other models of the runs",
  prompts: "Prompts of words",
  notes: "Notes",
  configuration: "Configuration",
  drawings: "Figures",
  ranks: "Rank correlation of layer scores",
  sections: "Sections",
} as const;

/** Columns of the table of models that runs leave beside the one that devices evaluate. */
export const otherModelHeads = ["method", "task", "model", "score", "texts"] as const;

/** What a metric is called in tables. */
export const metricNames: Readonly<Record<MainMetric, string>> = {
  accuracy: "accuracy",
  macroF1: "macro F1",
  matthews: "Matthews correlation",
  meanOfAccuracyAndF1: "mean of accuracy and F1",
  tokenAccuracy: "token accuracy",
  exactMatch: "exact match",
  rougeL: "ROUGE-L",
};

/** What the controls without training are called. */
export const controlNames = { majority: "Majority class", zeroShot: "Zero-shot" } as const;
/** What the backbone without what was tuned is called where answers are texts. */
export const untunedName = "Untuned backbone";
/** What scores of texts are called in tables. */
export const textScoreTitles: Readonly<Record<keyof TextScores, string>> = {
  rougeL: "ROUGE-L",
  exactMatch: "exact match",
  tokenAccuracy: "token accuracy",
  perplexityPerToken: "perplexity per token",
  lossPerToken: "loss per token",
  perplexityPerByte: "perplexity per byte",
  lossPerByte: "loss per byte",
};
/** Heads of the tables of methods' texts. */
export const textTableHeads = ["method", ...textScoreNames.map((name) => textScoreTitles[name])];
/** Head of the table of one run's texts. */
export const textRunHeads = ["test split", "personalised", "global", "newcomer", "untuned", "global, chosen round"] as const;
/** Names of the lines of that table that are no scores. */
export const textRows = { texts: "texts", generated: "generated answers", coverage: "coverage" } as const;
/** What the parts of a generated answer are called. */
export const answerParts = { prompt: "Message", reference: "Reference", answer: "Answer", nothing: "(nothing)" } as const;
/** The row of a table of scores that says whether label words were seen. */
export const labelWordsRow = "Label words seen in pretraining";

/** The stages of a run. */
export const stageNames = { score: "scoring", count: "counting", train: "training", evaluation: "evaluation" } as const;

/** Heads of the table of costs; each form names the method before them. */
export const costHeads = [
  "bytes up",
  "bytes down",
  "of which scoring and counting",
  "evaluation (not included)",
  "training (s)",
  "total (s)",
] as const;
/** Heads of the table of a fleet, between the method and each device's under-use. */
export const fleetHeads = ["round", "slowest device", "its planned time", "bytes up", "bytes down"] as const;
/** The head of a device's under-use. */
export const underUseHead = (deviceId: number) => `under-use of device ${deviceId}`;
/** Heads of the table of learning rates. */
export const rateHeads = ["method", "seed", "validation rows", "validation score by rate", "chosen"] as const;
/** Heads of the tables of one run. */
export const runHeads = {
  scores: ["test split", "accuracy", "macro F1", "texts", "coverage"],
  traffic: ["bytes on the wire", "up", "down"],
  time: ["phase", "time"],
  layers: ["layer", "score", "sent"],
  plans: ["device", "rate", "memory", "link", "bits", "batch", "ranks", "trained values", "planned time", "under-use"],
  ritz: ["device", "Ritz values", "weights"],
  spread: ["personalised, after the last round", "mean over devices", "worst tenth"],
} as const;

/** What is measured along an axis. */
export const axisNames = {
  round: "round",
  bytes: "MB on the wire, up and down",
  seconds: "seconds",
  loss: "loss",
  layer: "layer",
  score: "score",
  bytesAlone: "MB on the wire",
  ritz: "Ritz value",
  weight: "weight (root scale)",
} as const;
/** What a curve runs over, in a title. */
export const againstNames = { round: "round", bytes: "bytes", seconds: "time" } as const;

/** Titles of the figures of one run. */
export const runFigureTitles = {
  accuracy: "Accuracy on the test split by round",
  perplexity: "Perplexity per token on the test split by round",
  loss: "Training loss by round",
  layers: "Layer scores",
  bytes: "Bytes on the wire by phase",
  spectrum: "Ritz values of the Hessian at the probing devices",
} as const;

/** Names of lines in the figures of one run. */
export const runSeries = {
  firstLoss: "first local epoch",
  lastLoss: "last local epoch",
  sent: "sent",
  kept: "kept on the device",
  notScored: "not scored",
} as const;

/** Heads of the table of the spread over devices. */
export const spreadHeads = [
  "method",
  "accuracy, mean over devices",
  "accuracy, worst tenth",
  "loss, mean over devices",
  "loss, worst tenth",
  "devices",
] as const;
/** Names of the lines of one run's spread. */
export const spreadRows = { accuracy: "accuracy", loss: "loss" } as const;
/** The same where answers are texts. */
export const textSpreadRows = { accuracy: "token accuracy", loss: "loss per token" } as const;
const textSpreadHeads = spreadHeads.map((head) => head.replace("accuracy", "token accuracy").replace("loss", "loss per token"));
/** Heads of the table of the spread, by what the devices' scores are of. */
export const spreadHeadsOf = (metric: MainMetric): readonly string[] => (isTextMetric(metric) ? textSpreadHeads : spreadHeads);

/** The caption of the table of selected layers; r is the keep fraction. */
export const selectedCaption = "Layers that are sent (r is the keep fraction)";
/** Heads of the table of selected layers, between the task and the layers. */
export const layerHeads = ["seed", "r", "layers"] as const;
/** Heads of the table of rank correlations, behind the method. */
export const rankHeads = ["between", "and", "Spearman's ρ", "seeds"] as const;
/** What opens the numbers behind r. */
export const ritzSummary = "Ritz values behind r";

/** Heads of the table of tasks. */
export const taskHeads = ["task", "metric", "label words", labelWordsRow.toLowerCase(), "rows"] as const;
/** The kinds of injected faults: happened (probability). */
export const faultKinds = ["drop", "slow", "duplicate", "reorder", "corrupt", "reload"] as const;
/** Heads of the table of failed runs. */
export const failureHeads = ["run", "reason"] as const;
/** What opens the settings. */
export const settingsSummaries = {
  experiment: "The experiment",
  firstRun: "All settings of the first run",
  run: "All settings of the run",
} as const;

/** Names of the lines of one run's scores. */
export const runScoreRows = {
  global: "global",
  personalised: "personalised",
  newcomer: "newcomer",
  globalBest: "global, round chosen on validation",
  majority: "majority class",
  zeroShot: "zero-shot",
} as const;

/** Names of the lines of one run's traffic that are none of its stages. */
export const trafficRows = {
  states: "device states kept by the coordinator",
  loading: "backbone, data set, pages",
  total: "total",
  allLayers: (rounds: number) => `${formatCount(rounds, "training round")} with all layers in f32`,
} as const;
