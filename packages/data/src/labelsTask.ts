import type { RunSettings } from "@tutti/core";
import type { FetchText } from "./dataset.ts";
import { fetchTask } from "./datasetCard.ts";
import type { ClassificationTask, TaskDefinition } from "./task.ts";
import { findTask, rememberTask } from "./tasks.ts";

/** A label that a class chose, and the word by which the backbone answers it. */
export type RunLabel = NonNullable<RunSettings["labels"]>[number];

const template = "{text} it was {mask} .";

/** The name of a task made of labels, such as `labels/happy.sad`: as much of them as a name may hold. */
export function labelsTaskName(labels: readonly Pick<RunLabel, "name">[]): string {
  const parts = labels.map(({ name }) =>
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-|-$/g, ""),
  );
  const joined = parts.filter((part) => part !== "").join(".");
  return `labels/${joined === "" ? "own" : joined.slice(0, 40)}`;
}

/** The task of a run whose texts are typed and labelled in the tabs: no file has any. */
export function labelsTask({ task, labels }: { readonly task: string; readonly labels: readonly RunLabel[] }): ClassificationTask {
  const names = labels.map(({ name }) => name);
  return {
    kind: "classification",
    name: task,
    title: `${names.slice(0, -1).join(", ")} or ${names.at(-1)}?`,
    dataset: "labels",
    isTyped: true,
    files: { train: "train.jsonl", validation: null, test: "test.jsonl" },
    fields: { text: "text", textB: null, label: "label", owner: null },
    classes: names,
    prompts: [{ template, labelWords: labels.map(({ word }) => word) }],
    causalSuffix: "It was {word} .",
    metric: "accuracy",
    notes: ["The texts were typed and labelled by those who took part. Every fifth stayed back in its tab, and scores are on these."],
  };
}

/** Makes the task of a run with labels known to `findTask` in this process or tab; of other runs nothing. */
export function rememberLabels({ task, labels }: Pick<RunSettings, "task" | "labels">): void {
  if (labels !== undefined) rememberTask(labelsTask({ task, labels }));
}

/** The task of a run: of its labels, or the one of this name. `fetchText` gives files of its data set's folder. */
export async function taskOfRun(run: Pick<RunSettings, "task" | "labels">, fetchText: FetchText): Promise<TaskDefinition> {
  rememberLabels(run);
  return run.labels === undefined ? fetchTask(run.task, fetchText) : findTask(run.task);
}

/** Every fifth typed example stays back, so that there is something to evaluate on: what is trained on, and what is not, in their order. */
export function withKeptBack<E>(examples: readonly E[]): { readonly train: readonly E[]; readonly keptBack: readonly E[] } {
  const isKeptBack = (index: number) => index % 5 === 4;
  return {
    train: examples.filter((_, index) => !isKeptBack(index)),
    keptBack: examples.filter((_, index) => isKeptBack(index)),
  };
}

/** How many examples a device with this number to train on keeps back at most. */
export function maxKeptBack(numTrained: number): number {
  return Math.floor(numTrained / 4);
}
