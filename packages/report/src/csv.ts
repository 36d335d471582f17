import { type ExperimentResult, type RunRecord, type RunScores, untunedScores } from "@tutti/record";

type Value = string | number | boolean | null | undefined;

/**
 * A value as RFC 4180 wants it: quoted where it holds a comma, a quote or a line break. A text that a spreadsheet would run as a formula has
 * an apostrophe before it, since titles and errors come from other people's files.
 */
export function csvField(value: Value): string {
  const isFormula = typeof value === "string" && /^[=+\-@\t\r]/.test(value);
  const text = value === null || value === undefined ? "" : `${isFormula ? "'" : ""}${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const protocols = ["personalised", "global", "newcomer", "zeroShot"] as const;

/** One line for each run, protocol and moment; a run without scores has one line that says why. */
export function renderCsv({ name, runs }: ExperimentResult): string {
  const axes = [...new Set(runs.flatMap(({ variant }) => Object.keys(variant)))];
  const lines = runs.flatMap((run) => {
    const scores = scoreLines(run);
    return (scores.length === 0 ? [{}] : scores).map((score) => ({ ...runFields(name, run, axes), ...score }));
  });
  const fields = [...Object.keys(emptyFields(name, axes)), ...scoreFields];
  const rows = [fields, ...lines.map((line: Readonly<Record<string, Value>>) => fields.map((field) => line[field]))];
  return `${rows.map((row) => row.map(csvField).join(",")).join("\r\n")}\r\n`;
}

const scoreFields = [
  "protocol",
  "moment",
  "round",
  "score",
  "accuracy",
  "macro_f1",
  "loss",
  "texts",
  "devices",
  "mean_accuracy_of_devices",
  "worst_tenth_accuracy",
  "mean_loss_of_devices",
  "worst_tenth_loss",
  "token_accuracy",
  "exact_match",
  "rouge_l",
  "perplexity_per_token",
  "loss_per_byte",
  "perplexity_per_byte",
  "tokens",
  "bytes",
  "generated_answers",
];

function scoreLines(run: RunRecord): Readonly<Record<string, Value>>[] {
  const line = (moment: string, round: number | null, protocol: string, scores: RunScores | undefined) =>
    scores === undefined ? [] : [{ protocol, moment, round, ...measures(scores) }];
  const untuned = untunedScores(run);
  const final = untuned?.text === undefined ? run.final : { ...run.final, zeroShot: untuned };
  return protocols.flatMap((protocol) => [
    ...line("final", lastRound(run, protocol), protocol, final[protocol]),
    ...line("chosen_on_validation", run.best?.round ?? null, protocol, run.best?.scores[protocol]),
  ]);
}

/** The last evaluated round, which of a run that goes is not its last. */
function lastRound({ curve, settings }: RunRecord, protocol: string): number {
  return curve.findLast((point) => point.protocol === protocol && point.split === "test")?.round ?? settings.numRounds;
}

const measures = ({ score, accuracy, macroF1, loss, numTexts, spread, text }: RunScores) => ({
  score,
  accuracy,
  macro_f1: macroF1,
  loss,
  texts: numTexts,
  devices: spread?.numDevices,
  mean_accuracy_of_devices: spread?.meanAccuracy,
  worst_tenth_accuracy: spread?.worstTenthAccuracy,
  mean_loss_of_devices: spread?.meanLoss,
  worst_tenth_loss: spread?.worstTenthLoss,
  token_accuracy: text?.tokenAccuracy,
  exact_match: text?.exactMatch,
  rouge_l: text?.rougeL,
  perplexity_per_token: text?.perplexityPerToken,
  loss_per_byte: text?.lossPerByte,
  perplexity_per_byte: text?.perplexityPerByte,
  tokens: text?.numTokens,
  bytes: text?.numBytes,
  generated_answers: text?.numGenerated,
});

function emptyFields(experiment: string, axes: readonly string[]): Record<string, Value> {
  const names = ["run", "method", "title", ...axes.map((axis) => `variant_${axis}`), "task", "metric", "seed", "rate_trial", "backbone"];
  const costs = ["client_rate", "bytes_up", "bytes_down", "bytes_stages_ab", "bytes_evaluation", "seconds_training", "seconds_total"];
  const others = [
    "majority",
    "zero_shot",
    "keep_fraction",
    "selected_layers",
    "backend",
    "clients",
    "faults",
    "attack",
    "backdoor",
    "is_running",
    "error",
  ];
  return Object.fromEntries([["experiment", experiment], ...[...names, ...costs, ...others].map((name) => [name, null])]);
}

function runFields(experiment: string, run: RunRecord, axes: readonly string[]): Record<string, Value> {
  const { settings, bytes, seconds, controls } = run;
  return {
    ...emptyFields(experiment, axes),
    ...Object.fromEntries(axes.map((axis) => [`variant_${axis}`, run.variant[axis]])),
    run: run.id,
    method: run.method,
    title: run.methodTitle,
    task: run.task,
    metric: run.metric,
    seed: run.seed,
    rate_trial: run.isRateTrial,
    backbone: settings.backbone,
    client_rate: settings.training.clientLearningRate,
    bytes_up: bytes.up,
    bytes_down: bytes.down,
    bytes_stages_ab: bytes.stagesAB,
    bytes_evaluation: bytes.evaluation,
    seconds_training: Number((seconds.scoring + seconds.counting + seconds.training).toFixed(3)),
    seconds_total: seconds.total,
    majority: controls.majority,
    zero_shot: controls.zeroShot,
    keep_fraction: run.keepFraction,
    selected_layers: run.selectedLayers.join(" "),
    backend: run.backend,
    clients: run.clients,
    faults: run.faults === null ? null : JSON.stringify(run.faults),
    attack: run.attack === undefined ? null : JSON.stringify(run.attack),
    backdoor: run.backdoor === undefined ? null : JSON.stringify(run.backdoor),
    error: run.error,
    is_running: run.position?.isRunning === true,
  };
}
