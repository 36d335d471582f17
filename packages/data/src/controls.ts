import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { accuracy, type Confusion, confusionOf, macroF1, type RunSettings } from "@tutti/core";
import { loadDataset } from "./dataset.ts";
import { dealDataset } from "./dealing.ts";
import type { Dataset } from "./example.ts";
import { findTask } from "./tasks.ts";

/** What is known of a run's data without any training. */
export interface DataControls {
  /** Always the commonest class of the training data, on the test split; null of a text task. */
  readonly majority: { readonly accuracy: number; readonly macroF1: number; readonly numExamples: number } | null;
  /** Sentences about how the data was dealt. */
  readonly notes: readonly string[];
}

/** Reads the run's data set from a public folder. Node only. */
export async function readControls(publicFolder: string, run: RunSettings): Promise<DataControls> {
  const task = findTask(run.task);
  if (task.kind === "classification" && task.isTyped === true) return { majority: null, notes: task.notes ?? [] };
  const fetchText = (file: string) => readFile(join(publicFolder, "datasets", task.dataset, file), "utf8");
  if (task.kind !== "classification") {
    const dataset = await loadDataset(task, fetchText, run.seed);
    return { majority: null, notes: dealDataset(task, dataset, run).notes };
  }
  const dataset = await loadDataset(task, fetchText, run.seed);
  return { majority: majorityScores(dataset, task.classes.length), notes: dealDataset(task, dataset, run).notes };
}

/** Accuracy and macro F1, on the test split, of always answering the commonest class of the training data. */
export function majorityScores(dataset: Pick<Dataset, "train" | "test">, numClasses: number): DataControls["majority"] {
  const confusion = majorityConfusion(dataset, numClasses);
  const scores = { accuracy: accuracy(confusion), macroF1: macroF1(confusion) };
  return scores.accuracy === null || scores.macroF1 === null
    ? null
    : { accuracy: scores.accuracy, macroF1: scores.macroF1, numExamples: dataset.test.length };
}

/** The test split's confusion matrix of always answering the commonest class of the training data, of equals the first. */
export function majorityConfusion({ train, test }: Pick<Dataset, "train" | "test">, numClasses: number): Confusion {
  const counts = new Array<number>(numClasses).fill(0);
  for (const { label } of train) counts[label] = (counts[label] ?? 0) + 1;
  const commonest = counts.indexOf(Math.max(...counts));
  const labels = test.map(({ label }) => label);
  return confusionOf(
    labels,
    labels.map(() => commonest),
    numClasses,
  );
}
