import type { Example } from "./example.ts";

/** The number that a task is judged by, computed from the confusion matrix. */
export type TaskMetric = "accuracy" | "matthews" | "meanOfAccuracyAndF1";

/** One class of a task. */
export interface TaskClass {
  /** Name in data files and on pages. */
  readonly name: string;
  /** Label words, best first; the first that is a single token of the backbone counts. */
  readonly labelWords: readonly string[];
}

/** A template with `{text}`, `{mask}` and, for pairs, `{textB}`. */
export type TemplateText = string;

/** A built-in classification task: where its rows are, what they mean and how a prompt asks about them. */
export interface TaskDefinition {
  /** Such as `feedback/topic`: the data set, then, when it has several, the label. */
  readonly name: string;
  readonly title: string;
  /** Folder under the data sets' base address. */
  readonly dataset: string;
  readonly files: { readonly train: string; readonly validation: string | null; readonly test: string };
  readonly fields: { readonly text: string; readonly textB?: string; readonly label: string; readonly owner?: string };
  /** In label order. */
  readonly classes: readonly TaskClass[];
  readonly template: TemplateText;
  /** For causal backbones: the filled-in suffix whose mean token loss is compared. */
  readonly causalSuffix: string;
  readonly metric: TaskMetric;
  /** Whether rows give the label as a class name or as its number. */
  readonly labels: "names" | "numbers";
  readonly examples: readonly Example[];
}
