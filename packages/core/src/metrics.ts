/** (classes, classes) counts: rows are true classes, columns predictions. */
export type Confusion = readonly (readonly number[])[];

/** What a task is judged by; `meanOfAccuracyAndF1` is the mean of accuracy and F1 of class 1. */
export type Metric = "accuracy" | "macroF1" | "matthews" | "meanOfAccuracyAndF1";

/** Counts of predictions beside true labels. */
export function confusionOf(labels: readonly number[], predictions: readonly number[], numClasses: number): Confusion {
  if (labels.length !== predictions.length) throw new Error(`confusion: ${labels.length} labels but ${predictions.length} predictions`);
  const counts = emptyCounts(numClasses);
  for (const [i, label] of labels.entries()) {
    const prediction = predictions[i];
    if (counts[label]?.[prediction] === undefined) {
      throw new Error(`confusion: label ${label} and prediction ${prediction} must be classes 0 to ${numClasses - 1}`);
    }
    counts[label][prediction] += 1;
  }
  return counts;
}

/** The sum of confusion matrices of `numClasses` classes; zeros for an empty list. */
export function mergeConfusions(confusions: readonly Confusion[], numClasses: number): Confusion {
  const counts = emptyCounts(numClasses);
  for (const confusion of confusions) {
    if (confusion.length !== numClasses || confusion.some((row) => row.length !== numClasses)) {
      throw new Error(`confusion: expected ${numClasses} × ${numClasses}, found ${confusion.length} × ${confusion[0]?.length ?? 0}`);
    }
    for (const [label, row] of confusion.entries()) {
      for (const [prediction, count] of row.entries()) counts[label][prediction] += count;
    }
  }
  return counts;
}

/** Number of examples counted. */
export function numCounted(confusion: Confusion): number {
  return sum(confusion.map(sum));
}

/** Share of correct predictions; null without examples. */
export function accuracy(confusion: Confusion): number | null {
  const total = numCounted(confusion);
  return total === 0 ? null : sum(confusion.map((row, label) => row[label])) / total;
}

/** F1 of one class; null when the class neither occurs nor is predicted. */
export function classF1(confusion: Confusion, label: number): number | null {
  const numTrue = sum(confusion[label]);
  const numPredicted = columnSum(confusion, label);
  return numTrue + numPredicted === 0 ? null : (2 * confusion[label][label]) / (numTrue + numPredicted);
}

/** Mean F1 over the classes that occur or are predicted; null without examples. */
export function macroF1(confusion: Confusion): number | null {
  const scores = confusion.map((_, label) => classF1(confusion, label)).filter((score) => score !== null);
  return scores.length === 0 ? null : sum(scores) / scores.length;
}

/** Matthews correlation, for two classes and its generalisation to more (Gorodkin 2004); 0 where truth or predictions are of one class. */
export function matthews(confusion: Confusion): number | null {
  const total = numCounted(confusion);
  if (total === 0) return null;
  const correct = sum(confusion.map((row, label) => row[label]));
  const numTrue = confusion.map(sum);
  const numPredicted = confusion.map((_, label) => columnSum(confusion, label));
  const dot = (a: readonly number[], b: readonly number[]) => sum(a.map((value, i) => value * b[i]));
  const spread = (total * total - dot(numPredicted, numPredicted)) * (total * total - dot(numTrue, numTrue));
  return spread === 0 ? 0 : (correct * total - dot(numTrue, numPredicted)) / Math.sqrt(spread);
}

/** Share of the most frequent true class: the accuracy of always predicting it; null without examples. */
export function majorityShare(confusion: Confusion): number | null {
  const total = numCounted(confusion);
  return total === 0 ? null : Math.max(...confusion.map(sum)) / total;
}

/** The task's metric; null without examples. */
export function measure(metric: Metric, confusion: Confusion): number | null {
  switch (metric) {
    case "accuracy":
      return accuracy(confusion);
    case "macroF1":
      return macroF1(confusion);
    case "matthews":
      return matthews(confusion);
    case "meanOfAccuracyAndF1": {
      const share = accuracy(confusion);
      return share === null ? null : (share + (classF1(confusion, 1) ?? 0)) / 2;
    }
  }
}

function emptyCounts(numClasses: number): number[][] {
  return Array.from({ length: numClasses }, () => Array.from({ length: numClasses }, () => 0));
}

function columnSum(confusion: Confusion, column: number): number {
  return sum(confusion.map((row) => row[column]));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
