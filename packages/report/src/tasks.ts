import { findMethod, isTextMetric, type Method } from "@tutti/core";
import { findTask, knownOverlaps, seenLabelWords, type TaskDefinition, type TaskPrompt } from "@tutti/data";
import type { ExperimentResult, GridColumn, RateChoice, RunRecord } from "@tutti/record";
import {
  chosenRateText,
  overlapText,
  ownPublicationNote,
  ownSettingsNote,
  rememberedNamesNote,
  rowsHashText,
  rowsText,
} from "./sentences/setup.ts";
import { scoreText } from "./text.ts";

/** What is on record of a task: null for one that was added from a file and is not known here. */
function knownTask(name: string): TaskDefinition | null {
  try {
    return findTask(name);
  } catch {
    return null; // a task that somebody added: the report then shows what its runs say
  }
}

/** Ways of asking with label words; a text task has none. */
function promptsOf(taskName: string): readonly TaskPrompt[] {
  const task = knownTask(taskName);
  return task?.kind === "classification" ? task.prompts : [];
}

/** Whether the backbone's pretraining used a task's label words as labels, for each way of asking. */
export function labelWordsSeen(backbone: string, taskName: string): string {
  const prompts = promptsOf(taskName);
  if (prompts.length === 0) return "unknown";
  const answers = prompts.map(({ labelWords }) => {
    const { answer, seen } = seenLabelWords(backbone, labelWords);
    return answer === "some" ? `some (${seen.join(", ")})` : answer;
  });
  return [...new Set(answers)].join(" or ");
}

/** The same of a column of a table: a task whose answers are texts has no label words. */
export function labelWordsIn(backbone: string, { task, metric }: Pick<GridColumn, "task" | "metric">): string {
  return isTextMetric(metric) ? "–" : labelWordsSeen(backbone, task);
}

/** The label words of a task, or of each of its ways of asking. */
export function labelWordsOf(taskName: string): string {
  const prompts = promptsOf(taskName);
  return prompts.length === 0 ? "–" : prompts.map(({ labelWords }) => labelWords.join(", ")).join(" or ");
}

/** What is said of a task's rows and splits, in sentences. */
export function splitTexts({ data }: Pick<ExperimentResult, "data">, taskName: string, otherTasks: readonly string[]): string[] {
  const found = data.find(({ task }) => task === taskName);
  const known = [...(found === undefined ? [] : [rowsText(found)]), ...taskNotes(taskName, otherTasks), ...(found?.notes ?? [])];
  return [...new Set(typeof found?.rows === "string" ? [...known, rowsHashText(found.rows)] : known)];
}

/** Where a task's splits come from, and which of its test rows are also in a training part. */
function taskNotes(taskName: string, otherTasks: readonly string[]): string[] {
  const overlaps = knownOverlaps.filter(({ train, test }) => test === taskName && (train === taskName || otherTasks.includes(train)));
  const shared = overlaps.map((overlap) => overlapText(overlap, overlap.train === taskName ? null : overlap.train));
  return [...(knownTask(taskName)?.notes ?? []), ...shared];
}

/** What a method of an experiment is. */
export interface Definition {
  readonly title: string;
  readonly publication: Method["publication"];
  readonly deviations: readonly string[];
}

/** Definitions of the methods that have a run, in the order of the experiment. */
export function definitionsOf(runs: readonly RunRecord[]): Definition[] {
  const titles = new Map(runs.map(({ method, methodTitle }) => [method, methodTitle]));
  return [...titles].map(([name, title]) => {
    const known = findMethod(name);
    return { title, publication: known?.publication ?? null, deviations: known?.deviations ?? [ownSettingsNote] };
  });
}

/** What has to be known of the methods that have a run, before their definitions. */
export function definitionNotes(runs: readonly RunRecord[]): string[] {
  const known = [...new Set(runs.map(({ method }) => method))].flatMap((name) => findMethod(name) ?? []);
  return [
    ...(known.some(({ role }) => role === "baseline") ? [rememberedNamesNote] : []),
    ...(known.some(({ publication }) => publication !== null) ? [ownPublicationNote] : []),
  ];
}

/** A choice of a rate as the tables show it, in the order of `rateHeads`. */
export type RateLine = readonly [method: string, seed: string, numRows: string, tried: string, chosen: string];

/** The rates that were tried: on how many validation rows, with what score, and whether the choice lies at the edge of its grid. */
export function rateLines({ rates, data }: Pick<ExperimentResult, "data" | "rates">): RateLine[] {
  return rates.map((choice) => {
    const numRows = data.find(({ task }) => task === choice.task)?.numValidation;
    const tried = choice.tried.map(({ clientLearningRate, validation }) => `${clientLearningRate}: ${scoreText(validation)}`).join("; ");
    return [choice.key, String(choice.seed), numRows?.toLocaleString("en") ?? "–", tried, chosenRateText(choice.chosen, isAtEdge(choice))];
  });
}

function isAtEdge({ tried, chosen }: RateChoice): boolean {
  const grid = tried.map(({ clientLearningRate }) => clientLearningRate);
  return grid.length > 1 && (chosen === Math.min(...grid) || chosen === Math.max(...grid));
}
