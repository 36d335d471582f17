import type { Metric } from "@tutti/core";
import { drawExamples, holdOut } from "./dataset.ts";
import type { Dataset, Example } from "./example.ts";
import { readText } from "./examples.ts";
import { createLabelReader } from "./labels.ts";
import type { Row } from "./rows.ts";
import { type TaskDefinition, type TaskPrompt, validationReported } from "./task.ts";

/** Which columns of a file make a task. */
export interface FileTaskOptions {
  readonly name: string;
  readonly title?: string;
  readonly text: string;
  readonly textB?: string;
  readonly label: string;
  /** Says who owns the row, for the partition by field. */
  readonly owner?: string;
  /** In class order; where they are left out, the training part's labels are the classes. */
  readonly classes?: readonly string[];
  /** What the source's label numbers stand for, from 0, in its own order; the classes where none are given. */
  readonly numbering?: readonly string[];
  /** By default the template of sentiment tasks, or of pairs, and the class names as label words. */
  readonly prompts?: readonly TaskPrompt[];
  readonly metric?: Metric;
}

/** The rows of one file, with the name that errors give it. */
export interface SourceRows {
  readonly source: string;
  readonly rows: readonly Row[];
}

/** A task made of files. */
export interface FileTask {
  readonly task: TaskDefinition;
  readonly dataset: Dataset;
  /** The same before anything is held out of the training part: validation is null where the source brings none. */
  readonly splits: {
    readonly train: readonly Example[];
    readonly validation: readonly Example[] | null;
    readonly test: readonly Example[];
  };
  /** What was done to come to three splits, in sentences. */
  readonly notes: readonly string[];
}

/** Share of the rows that is reported where there is one file only. */
export const testFraction = 0.2;

/** Field names of the files that `tutti data add` writes. */
const fields = { text: "text", textB: "textB", label: "label", owner: "owner" };

/**
 * Makes a task of rows with named columns. Without test rows the validation rows are what is reported; with neither, a fifth of the rows,
 * drawn by the seed. Throws with file, line and column where a row does not fit.
 */
export function fileTask(
  options: FileTaskOptions,
  rows: { readonly train: SourceRows; readonly validation?: SourceRows; readonly test?: SourceRows },
  seed = 42,
): FileTask {
  const { textB = null, owner = null } = options;
  const readLabel = createLabelReader(options, rows.train);
  const read = ({ source, rows: found }: SourceRows): Example[] => {
    if (found.length === 0) throw new Error(`${source} has no rows`);
    return found.map((row) => {
      const place = `${source} line ${row.line}`;
      return {
        text: readText(row, options.text, place),
        ...(textB === null ? {} : { textB: readText(row, textB, place) }),
        label: readLabel(row, source),
        ...(owner === null ? {} : { owner: readText(withTextOwner(row, owner), owner, place) }),
      };
    });
  };
  const { train: trainRows, validation: validationRows = null, test: testRows = null } = rows;
  const labelled = testRows !== null && hasSecretLabels(testRows, options.label, readLabel.classes) ? null : testRows;
  const { train, validation, test, notes } = split(
    read(trainRows),
    validationRows === null ? null : read(validationRows),
    labelled === null ? null : read(labelled),
    seed,
  );
  const { classes } = readLabel;
  const task: TaskDefinition = {
    name: options.name,
    title: options.title ?? options.name,
    dataset: options.name,
    files: { train: "train.jsonl", validation: validation === null ? null : "validation.jsonl", test: "test.jsonl" },
    fields: { ...fields, textB: textB === null ? null : fields.textB, owner: owner === null ? null : fields.owner },
    classes,
    prompts: options.prompts ?? [
      { template: textB === null ? "{text} . It was {mask} ." : "{text} ? {mask} , {textB}", labelWords: classes },
    ],
    causalSuffix: textB === null ? "It was {word} ." : "They are {word} .",
    metric: options.metric ?? "accuracy",
  };
  const dataset = validation === null ? { ...holdOut(train, seed), test } : { train, validation, test };
  return { task, dataset, splits: { train, validation, test }, notes };
}

function withTextOwner(row: Row, owner: string): Row {
  const value = row.fields[owner];
  return typeof value === "number" ? { ...row, fields: { ...row.fields, [owner]: String(value) } } : row;
}

/** Benchmarks publish test rows whose labels are all -1, so that nobody tunes on them. */
function hasSecretLabels({ rows }: SourceRows, label: string, classes: readonly string[]): boolean {
  return rows.length > 0 && !classes.includes("-1") && rows.every(({ fields: row }) => String(row[label]) === "-1");
}

interface Splits {
  readonly train: readonly Example[];
  readonly validation: readonly Example[] | null;
  readonly test: readonly Example[];
  readonly notes: readonly string[];
}

function split(train: readonly Example[], validation: readonly Example[] | null, test: readonly Example[] | null, seed: number): Splits {
  if (test !== null) return { train, validation, test, notes: [] };
  if (validation !== null) {
    return { train, validation: null, test: validation, notes: [validationReported] };
  }
  if (train.length < 5) throw new Error(`${train.length} rows are too few to train and to test on: 5 or more are needed`);
  const [rest, drawn] = drawExamples(train, Math.floor(testFraction * train.length), { seed, purpose: "testSplit" });
  return { train: rest, validation: null, test: drawn, notes: [`A fifth of the rows, drawn with seed ${seed}, is the test part.`] };
}

/** A row as `tutti data add` writes it; the label by its name. */
export function rowOf({ text, textB, label, owner }: Example, classes: readonly string[]): Record<string, string> {
  return {
    text,
    ...(textB === undefined ? {} : { textB }),
    label: classes[label] ?? String(label),
    ...(owner === undefined ? {} : { owner }),
  };
}
