import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { accuracy, confusionOf, createRandom, dealShares, macroF1, type RunSettings } from "@tutti/core";
import { loadDataset } from "./dataset.ts";
import type { Dataset, Example } from "./example.ts";
import { findTask } from "./tasks.ts";

/** What is known of a run's data without any training. */
export interface DataControls {
  /** Always the commonest class of the training data, on the test split. */
  readonly majority: { readonly accuracy: number; readonly macroF1: number; readonly numExamples: number } | null;
  /** Sentences about how the data was dealt. */
  readonly notes: readonly string[];
}

/** Reads the run's data set from a public folder. Node only. */
export async function readControls(publicFolder: string, run: RunSettings): Promise<DataControls> {
  const task = findTask(run.task);
  const numClasses = task.classes.length;
  const dataset = await loadDataset(task, (file) => readFile(join(publicFolder, "datasets", task.dataset, file), "utf8"), run.seed);
  return { majority: majorityScores(dataset, numClasses), notes: dealingNotes(dataset, numClasses, run) };
}

/** Accuracy and macro F1, on the test split, of always answering the commonest class of the training data (the first of equals). */
export function majorityScores({ train, test }: Pick<Dataset, "train" | "test">, numClasses: number): DataControls["majority"] {
  const counts = new Array<number>(numClasses).fill(0);
  for (const { label } of train) counts[label] = (counts[label] ?? 0) + 1;
  const commonest = counts.indexOf(Math.max(...counts));
  const labels = test.map(({ label }) => label);
  const confusion = confusionOf(
    labels,
    labels.map(() => commonest),
    numClasses,
  );
  const scores = { accuracy: accuracy(confusion), macroF1: macroF1(confusion) };
  return scores.accuracy === null || scores.macroF1 === null
    ? null
    : { accuracy: scores.accuracy, macroF1: scores.macroF1, numExamples: test.length };
}

function dealingNotes({ train, validation, test }: Dataset, numClasses: number, run: RunSettings): readonly string[] {
  const split = (examples: readonly Example[]) => {
    const owners = examples.flatMap(({ owner }) => (owner === undefined ? [] : [owner]));
    return { labels: examples.map(({ label }) => label), numClasses, ...(owners.length === examples.length ? { owners } : {}) };
  };
  const { numDevices, partition } = run;
  const numValidation = validation.length;
  return dealShares({ train: split(train), test: split(test), numValidation, numDevices, partition, random: createRandom(run.seed) }).notes;
}
