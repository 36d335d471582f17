import type { Metric } from "../metrics.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { TextMetric } from "../textSums.ts";
import type { TextScores } from "./textScores.ts";

/** What a run's main score is; every one of them grows as answers get better. */
export type MainMetric = Metric | Exclude<TextMetric, "perplexity">;

/** What a task is judged by, whatever it asks for. */
export type JudgedTask =
  | { readonly kind: "classification"; readonly metric: Metric }
  | { readonly kind: "reply" | "continuation"; readonly metric: TextMetric };

const textMetrics: readonly string[] = ["tokenAccuracy", "exactMatch", "rougeL"] satisfies MainMetric[];

/** Whether a run with this main score is of a task whose answers are texts. */
export function isTextMetric(metric: MainMetric): metric is Exclude<TextMetric, "perplexity"> {
  return textMetrics.includes(metric);
}

/**
 * The main score of a run of the task: its own metric; of texts ROUGE-L or exact match where the task is judged by it and answers are generated,
 * else token accuracy. Perplexity falls as answers get better, so that it stands beside the main score.
 */
export function mainMetric(task: JudgedTask, { generation }: Pick<RunConditions, "generation">): MainMetric {
  if (task.kind === "classification") return task.metric;
  const isGenerated = task.kind === "reply" && generation?.numAnswers !== 0;
  return isGenerated && needsAnswers(task.metric) ? task.metric : "tokenAccuracy";
}

/** What the main score is on a split: answers are generated from test rows alone, so that validation rows are judged by token accuracy. */
export function metricOnSplit<M extends TextMetric>(metric: M, split: "validation" | "test"): M | "tokenAccuracy" {
  return split === "validation" && needsAnswers(metric) ? "tokenAccuracy" : metric;
}

/** Whether it compares generated answers. */
export function needsAnswers(metric: string): metric is "exactMatch" | "rougeL" {
  return metric === "exactMatch" || metric === "rougeL";
}

/** What is shown of texts while a run goes: ROUGE-L where answers are generated, else token accuracy; null where nothing was counted. */
export function liveScore({
  rougeL,
  tokenAccuracy,
}: Pick<TextScores, "rougeL" | "tokenAccuracy">): { readonly metric: "rougeL" | "tokenAccuracy"; readonly value: number } | null {
  if (rougeL !== null) return { metric: "rougeL", value: rougeL };
  return tokenAccuracy === null ? null : { metric: "tokenAccuracy", value: tokenAccuracy };
}
