import type { ExperimentResult, LabRun, LabScores } from "@tutti/record";

type Value = string | number | boolean | null | undefined;

/** A value as RFC 4180 wants it: quoted where it holds a comma, a quote or a line break. */
export function csvField(value: Value): string {
  const text = value === null || value === undefined ? "" : String(value);
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

const scoreFields = ["protocol", "moment", "round", "score", "accuracy", "macro_f1", "loss", "texts"];

function scoreLines(run: LabRun): Readonly<Record<string, Value>>[] {
  const line = (moment: string, round: number | null, protocol: string, scores: LabScores | undefined) =>
    scores === undefined ? [] : [{ protocol, moment, round, ...measures(scores) }];
  return protocols.flatMap((protocol) => [
    ...line("final", run.settings.numRounds, protocol, run.final[protocol]),
    ...line("chosen_on_validation", run.best?.round ?? null, protocol, run.best?.scores[protocol]),
  ]);
}

const measures = ({ score, accuracy, macroF1, loss, numTexts }: LabScores) => ({
  score,
  accuracy,
  macro_f1: macroF1,
  loss,
  texts: numTexts,
});

function emptyFields(experiment: string, axes: readonly string[]): Record<string, Value> {
  const names = ["run", "method", "title", ...axes.map((axis) => `variant_${axis}`), "task", "metric", "seed", "rate_trial", "backbone"];
  const costs = ["client_rate", "bytes_up", "bytes_down", "bytes_stages_ab", "bytes_evaluation", "seconds_training", "seconds_total"];
  const others = ["majority", "zero_shot", "keep_fraction", "selected_layers", "backend", "clients", "faults", "error"];
  return Object.fromEntries([["experiment", experiment], ...[...names, ...costs, ...others].map((name) => [name, null])]);
}

function runFields(experiment: string, run: LabRun, axes: readonly string[]): Record<string, Value> {
  const { settings, bytes, seconds, controls } = run;
  return {
    ...emptyFields(experiment, axes),
    ...Object.fromEntries(axes.map((axis) => [`variant_${axis}`, run.variant[axis]])),
    ...{ run: run.id, method: run.method, title: run.methodTitle, task: run.task, metric: run.metric, seed: run.seed },
    ...{ rate_trial: run.isRateTrial, backbone: settings.backbone, client_rate: settings.training.clientLearningRate },
    ...{ bytes_up: bytes.up, bytes_down: bytes.down, bytes_stages_ab: bytes.stagesAB, bytes_evaluation: bytes.evaluation },
    ...{ seconds_training: seconds.scoring + seconds.counting + seconds.training, seconds_total: seconds.total },
    ...{ majority: controls.majority, zero_shot: controls.zeroShot, keep_fraction: run.keepFraction },
    selected_layers: run.selectedLayers.join(" "),
    ...{ backend: run.backend, clients: run.clients, faults: run.faults === null ? null : JSON.stringify(run.faults), error: run.error },
  };
}
