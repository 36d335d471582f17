import type { Metric } from "@tutti/core";
import { findTask, knownOverlaps, seenLabelWords, type TaskDefinition } from "@tutti/data";
import type { ExperimentResult } from "@tutti/record";

/** How a metric is called in tables. */
export const metricNames: Readonly<Record<Metric, string>> = {
  accuracy: "accuracy",
  macroF1: "macro F1",
  matthews: "Matthews correlation",
  meanOfAccuracyAndF1: "mean of accuracy and F1",
};

/** What is on record of a task: null for one that was added from a file and is not known here. */
function knownTask(name: string): TaskDefinition | null {
  try {
    return findTask(name);
  } catch {
    return null; // a task of one's own: the report then shows what its runs say
  }
}

/** Whether the backbone's pretraining used a task's label words as labels, for each way of asking. */
export function labelWordsSeen(backbone: string, taskName: string): string {
  const prompts = knownTask(taskName)?.prompts ?? [];
  if (prompts.length === 0) return "unknown";
  const answers = prompts.map(({ labelWords }) => {
    const { answer, seen } = seenLabelWords(backbone, labelWords);
    return answer === "some" ? `some (${seen.join(", ")})` : answer;
  });
  return [...new Set(answers)].join(" or ");
}

/** The label words of a task, or of each of its ways of asking. */
export function labelWordsOf(taskName: string): string {
  const prompts = knownTask(taskName)?.prompts ?? [];
  return prompts.length === 0 ? "–" : prompts.map(({ labelWords }) => labelWords.join(", ")).join(" or ");
}

/** Such as `2,000 training rows, 500 to validate on, 1,000 to test on`; null where a result does not say. */
export function rowsText({ data = [] }: Partial<Pick<ExperimentResult, "data">>, taskName: string): string | null {
  const rows = data.find(({ task }) => task === taskName);
  if (rows === undefined) return null;
  const { numTrain, numValidation, numTest } = rows;
  return `${numTrain.toLocaleString("en")} training rows, ${numValidation.toLocaleString("en")} to validate on, ${numTest.toLocaleString("en")} to test on.`;
}

/** What is said of a task's rows and splits, in sentences. */
export function splitTexts(result: Pick<ExperimentResult, "data">, taskName: string, otherTasks: readonly string[]): string[] {
  const { notes = [], rows = null } = result.data?.find(({ task }) => task === taskName) ?? {};
  const hash = typeof rows === "string" ? `Hash of the added files: ${rows.slice(0, 12)}….` : "";
  return [...new Set([rowsText(result, taskName) ?? "", ...taskNotes(taskName, otherTasks), ...notes, hash])].filter((text) => text !== "");
}

/** What has to be said of a task's splits: where they come from, and which of its test rows stand in a training part. */
export function taskNotes(taskName: string, otherTasks: readonly string[]): string[] {
  const overlaps = knownOverlaps.filter(({ train, test }) => test === taskName && (train === taskName || otherTasks.includes(train)));
  const shared = overlaps.map(({ train, numShared, numTest }) => {
    const where = train === taskName ? "its own training part" : `${train}'s training part`;
    return `${numShared} of ${numTest} test rows share text with ${where}.`;
  });
  return [...(knownTask(taskName)?.notes ?? []), ...shared];
}
