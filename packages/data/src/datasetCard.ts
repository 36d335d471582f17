import { count, list, readJson, record, string, strings } from "./cardFields.ts";
import { taskOf } from "./cardTask.ts";
import type { FetchText } from "./dataset.ts";
import type { TaskDefinition } from "./task.ts";
import { datasetFolder, findTask, rememberTask, tasks } from "./tasks.ts";

/** Describes a data set folder that `tutti data add` wrote, in its `dataset.json`. */
export interface DatasetCard {
  readonly format: typeof cardFormat;
  readonly task: TaskDefinition;
  /** Rows of each split; validation is null where a tenth of the training rows validates. */
  readonly numRows: { readonly train: number; readonly validation: number | null; readonly test: number };
  /** Training rows of each class, or of each group of a text task, in their order. */
  readonly numByClass: readonly number[];
  readonly source: string;
  readonly licence: string;
  /** By file name. */
  readonly sha256: Readonly<Record<string, string>>;
  /** How the splits came about, in sentences. */
  readonly notes: readonly string[];
}

/** What `format` says in a card of this version. */
export const cardFormat = "tutti-dataset-1";

/** The card's file name. */
export const cardFile = "dataset.json";

/** Reads a card; throws with the field that is not as it should be. */
export function parseDatasetCard(text: string, source: string = cardFile): DatasetCard {
  const card = record(readJson(text, source), source);
  if (card.format !== cardFormat) throw new Error(`${source}: format is ${JSON.stringify(card.format)}, expected "${cardFormat}"`);
  const numRows = record(card.numRows, `${source}: numRows`);
  return {
    format: cardFormat,
    task: taskOf(card.task, `${source}: task`),
    numRows: {
      train: count(numRows.train, `${source}: numRows.train`),
      validation: numRows.validation === null ? null : count(numRows.validation, `${source}: numRows.validation`),
      test: count(numRows.test, `${source}: numRows.test`),
    },
    numByClass: list(card.numByClass, `${source}: numByClass`).map((number) => count(number, `${source}: numByClass`)),
    source: string(card.source, `${source}: source`),
    licence: string(card.licence, `${source}: licence`),
    sha256: Object.fromEntries(
      Object.entries(record(card.sha256, `${source}: sha256`)).map(([file, hash]) => [file, string(hash, `${source}: sha256 of ${file}`)]),
    ),
    notes: strings(card.notes, `${source}: notes`),
  };
}

/**
 * The task of this name: a built-in or remembered one, else the one that `dataset.json` in its folder defines, which is remembered.
 * `fetchText` gives files of that folder.
 */
export async function fetchTask(name: string, fetchText: FetchText): Promise<TaskDefinition> {
  if (tasks.some((task) => task.name === name)) return findTask(name);
  const card = await fetchText(cardFile).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`there is no task "${name}", built in or added with \`tutti data add\` (${why})`, { cause });
  });
  const { task } = parseDatasetCard(card, `${datasetFolder(name)}/${cardFile}`);
  if (task.name !== name) throw new Error(`${datasetFolder(name)}/${cardFile} belongs to the task ${task.name}, not to ${name}`);
  rememberTask(task);
  return task;
}
