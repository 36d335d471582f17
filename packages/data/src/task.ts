import type { Metric, TextMetric } from "@tutti/core";

/** One way of asking: a template with `{text}`, `{mask}` and, for pairs, `{textB}`, and one label word per class. */
export interface TaskPrompt {
  readonly template: string;
  /** In class order. */
  readonly labelWords: readonly string[];
}

/** Says what stands in for a test part whose labels are not public; a tenth of the training rows then validates. */
export const validationReported = "Scores are on the validation rows, because the test rows have no labels.";

/** A task: where its rows are, what they mean and how a backbone is asked about them. `kind` tells what an example holds. */
export type TaskDefinition = ClassificationTask | TextTask;

/** A task whose answers are texts; `TextExample` is what its rows become. */
export type TextTask = ReplyTask | ContinuationTask;

/** What every task says of its data set. */
interface DatasetTask {
  /** Such as `feedback/topic`: the data set, and which of its labels when it has several. */
  readonly name: string;
  readonly title: string;
  /** Folder under the data sets' base address. */
  readonly dataset: string;
  /** File names in that folder; without a validation file a tenth of the training rows is held out. */
  readonly files: { readonly train: string; readonly validation: string | null; readonly test: string };
  /** What a report has to say about the task's splits, in sentences. */
  readonly notes?: readonly string[];
}

/** Text, or a pair of texts, to one of some classes. */
export interface ClassificationTask extends DatasetTask {
  readonly kind: "classification";
  /** Whether its texts are typed in the tabs: there are no files. */
  readonly isTyped?: true;
  /** Field names of a row. The owner says who holds the row when a data set is dealt out by field. */
  readonly fields: { readonly text: string; readonly textB: string | null; readonly label: string; readonly owner: string | null };
  /** Class names; a row gives one of them, or its number counted from 0. */
  readonly classes: readonly string[];
  /** Best first; a backbone uses the first whose label words are single tokens to it. */
  readonly prompts: readonly TaskPrompt[];
  /** For causal backbones, with `{word}`: the filled-in suffix whose mean token loss is compared. */
  readonly causalSuffix: string;
  readonly metric: Metric;
}

/** Text to an answer; what is learnt, and judged, is the answer alone. */
export interface ReplyTask extends DatasetTask {
  readonly kind: "reply";
  /** Field names of a row; `turns` holds what was said before the text, `group` what the text is about. */
  readonly fields: {
    readonly text: string;
    readonly answer: string;
    readonly turns: string | null;
    readonly group: string | null;
    readonly owner: string | null;
  };
  /** Names of what a text can be about, such as its topic or intent, by which `dirichletLabel` deals; none without such a field. */
  readonly groups: readonly string[];
  readonly template: AnswerTemplate;
  readonly metric: TextMetric;
}

/** Plain text, each owner's own; all of it is learnt and judged. */
export interface ContinuationTask extends DatasetTask {
  readonly kind: "continuation";
  readonly fields: { readonly text: string; readonly group: string | null; readonly owner: string | null };
  readonly groups: readonly string[];
  readonly metric: TextMetric;
}

/**
 * How a text becomes a prompt with its answer behind it: one line of text with `{text}` and then `{answer}`, or the chat template in the
 * checkpoint's own tokenizer_config.json.
 */
export type AnswerTemplate = { readonly kind: "text"; readonly text: string } | { readonly kind: "chat" };

/** The task, if it is of classification; else throws a sentence that begins with what cannot be done, such as `tutti prompt train`. */
export function requireClassification(task: TaskDefinition, what: string): ClassificationTask {
  if (task.kind === "classification") return task;
  throw new Error(`${what} works with classification tasks only, and ${task.name} is a ${task.kind} task: choose a task with classes`);
}

/** The task, if its answers are texts; else throws a sentence that begins with what cannot be done. */
export function requireTextTask(task: TaskDefinition, what: string): TextTask {
  if (task.kind !== "classification") return task;
  throw new Error(`${what} works with text tasks only, and ${task.name} is a classification task: choose a reply or continuation task`);
}

/** Classes of a task, which a linear head has a row for; null of a task whose answers are texts. */
export function numClassesOf(task: TaskDefinition): number | null {
  return task.kind === "classification" ? task.classes.length : null;
}
