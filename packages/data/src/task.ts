import type { Metric } from "@tutti/core";

/** One way of asking: a template with `{text}`, `{mask}` and, for pairs, `{textB}`, and one label word per class. */
export interface TaskPrompt {
  readonly template: string;
  /** In class order. */
  readonly labelWords: readonly string[];
}

/** Says what stands in for a test part whose labels are not public; a tenth of the training rows then validates. */
export const validationReported = "Scores are on the validation rows, because the test rows have no labels.";

/** A classification task: where its rows are, what they mean and how a prompt asks about them. */
export interface TaskDefinition {
  /** Such as `feedback/topic`: the data set, and which of its labels when it has several. */
  readonly name: string;
  readonly title: string;
  /** Folder under the data sets' base address. */
  readonly dataset: string;
  /** File names in that folder; without a validation file a tenth of the training rows is held out. */
  readonly files: { readonly train: string; readonly validation: string | null; readonly test: string };
  /** Field names of a row. The owner says who holds the row when a data set is dealt out by field. */
  readonly fields: { readonly text: string; readonly textB: string | null; readonly label: string; readonly owner: string | null };
  /** Class names; a row gives one of them, or its number counted from 0. */
  readonly classes: readonly string[];
  /** Best first; a backbone uses the first whose label words are single tokens to it. */
  readonly prompts: readonly TaskPrompt[];
  /** For causal backbones, with `{word}`: the filled-in suffix whose mean token loss is compared. */
  readonly causalSuffix: string;
  readonly metric: Metric;
  /** What a report has to say about the task's splits, in sentences. */
  readonly notes?: readonly string[];
}
