import type { Metric } from "@tutti/core";
import type { FetchText } from "./dataset.ts";
import type { TaskDefinition, TaskPrompt } from "./task.ts";
import { datasetFolder, findTask, rememberTask, tasks } from "./tasks.ts";

/** Describes a data set folder that `tutti data add` wrote, in its `dataset.json`. */
export interface DatasetCard {
  readonly format: typeof cardFormat;
  readonly task: TaskDefinition;
  /** Rows of each split; validation is null where a tenth of the training rows validates. */
  readonly numRows: { readonly train: number; readonly validation: number | null; readonly test: number };
  /** Training rows of each class, in class order. */
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

const metrics: readonly Metric[] = ["accuracy", "macroF1", "matthews", "meanOfAccuracyAndF1"];

function taskOf(value: unknown, place: string): TaskDefinition {
  const task = record(value, place);
  const text = (name: string) => string(task[name], `${place}.${name}`);
  const files = record(task.files, `${place}.files`);
  const fields = record(task.fields, `${place}.fields`);
  const classes = strings(task.classes, `${place}.classes`);
  const metric = metrics.find((known) => known === task.metric);
  if (metric === undefined) throw new Error(`${place}.metric is ${JSON.stringify(task.metric)}, expected one of ${metrics.join(", ")}`);
  return {
    name: text("name"),
    title: text("title"),
    dataset: fileName(task.dataset, `${place}.dataset`),
    files: {
      train: fileName(files.train, `${place}.files.train`),
      validation: files.validation === null ? null : fileName(files.validation, `${place}.files.validation`),
      test: fileName(files.test, `${place}.files.test`),
    },
    fields: {
      text: string(fields.text, `${place}.fields.text`),
      textB: fields.textB === null ? null : string(fields.textB, `${place}.fields.textB`),
      label: string(fields.label, `${place}.fields.label`),
      owner: fields.owner === null ? null : string(fields.owner, `${place}.fields.owner`),
    },
    classes,
    prompts: list(task.prompts, `${place}.prompts`).map((prompt) => promptOf(prompt, classes, `${place}.prompts`)),
    causalSuffix: text("causalSuffix"),
    metric,
    ...(task.notes === undefined ? {} : { notes: strings(task.notes, `${place}.notes`) }),
  };
}

function promptOf(value: unknown, classes: readonly string[], place: string): TaskPrompt {
  const prompt = record(value, place);
  const labelWords = strings(prompt.labelWords, `${place}.labelWords`);
  if (labelWords.length !== classes.length) throw new Error(`${place}: ${labelWords.length} label words for ${classes.length} classes`);
  return { template: string(prompt.template, `${place}.template`), labelWords };
}

function readJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${source} is not JSON`, { cause });
  }
}

function record(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${place} is ${JSON.stringify(value) ?? "missing"}, expected an object`);
}

function list(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${place} is ${JSON.stringify(value) ?? "missing"}, expected a list`);
}

function strings(value: unknown, place: string): readonly string[] {
  return list(value, place).map((item) => string(item, place));
}

function string(value: unknown, place: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new Error(`${place} is ${JSON.stringify(value) ?? "missing"}, expected text`);
}

function count(value: unknown, place: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${place} is ${JSON.stringify(value) ?? "missing"}, expected a whole number`);
}

/** A name that leads to no other folder. */
function fileName(value: unknown, place: string): string {
  const name = string(value, place);
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new Error(`${place} is "${name}", expected a file name of letters, digits, dots and dashes`);
}
