import type { Metric } from "@tutti/core";
import { holdOut } from "./dataset.ts";
import { textOfNumber } from "./exactNumber.ts";
import type { Dataset, Example } from "./example.ts";
import { readOwner, readText } from "./examples.ts";
import { type Fault, readEach } from "./faults.ts";
import { createLabels, type LabelOptions, type Labels, placeOf } from "./labels.ts";
import { checkedParts, type Parts, type ReadPart, type SourceParts, type SourceRows, splitParts } from "./parts.ts";
import type { Row } from "./rows.ts";
import { type ClassificationTask, type TaskPrompt, validationReported } from "./task.ts";

/** Which columns of a file make a task. */
export interface FileTaskOptions extends LabelOptions {
  readonly name: string;
  readonly title?: string | undefined;
  readonly text: string;
  readonly textB?: string | undefined;
  /** Says who owns the row, for the partition by field. */
  readonly owner?: string | undefined;
  /** By default the template of sentiment tasks, or of pairs, and the class names as label words. */
  readonly prompts?: readonly TaskPrompt[];
  readonly metric?: Metric | undefined;
}

/** A task made of files. */
export interface FileTask {
  readonly task: ClassificationTask;
  readonly dataset: Dataset;
  /** The same before anything is held out of the training part. */
  readonly splits: Parts;
  /** What was done to come to three splits, in sentences. */
  readonly notes: readonly string[];
}

/** Field names of the files that `tutti data add` writes. */
const fields = { text: "text", textB: "textB", label: "label", owner: "owner" };

/**
 * Makes a task of rows with named columns. Without test rows the validation rows are what is reported; with neither, a fifth of the rows,
 * drawn by the seed. Throws with file, line and column of every row that does not fit, unless such rows are to be skipped.
 */
export function fileTask(options: FileTaskOptions, rows: SourceParts, seed = 42): FileTask {
  const { textB = null, owner = null } = options;
  const trainTexts = textsOf(rows.train, options);
  const labels = createLabels(options, { ...trainTexts, rows: trainTexts.read.map(({ row }) => row) });
  const { classes } = labels;
  const isSecret = rows.test !== undefined && hasSecretLabels(rows.test, options.label, classes);
  const read = (part: SourceRows, texts = textsOf(part, options)) => withLabels(texts, labels);
  const parts = {
    train: read(rows.train, trainTexts),
    validation: rows.validation === undefined ? null : read(rows.validation),
    test: rows.test === undefined || isSecret ? null : read(rows.test),
  };
  const skipped = checkedParts(Object.values(parts), options.skipFaulty === true);
  const found = { train: parts.train.examples, validation: parts.validation?.examples ?? null, test: parts.test?.examples ?? null };
  const made = splitParts(found, seed, validationReported);
  const { train, validation, test } = made;
  const notes = [...labels.notes, ...skipped, ...made.notes];
  const task: ClassificationTask = {
    kind: "classification",
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

/** What a row says beside its label. */
interface RowTexts {
  readonly row: Row;
  readonly line: number;
  readonly texts: Omit<Example, "label">;
}

interface PartTexts {
  readonly source: string;
  readonly read: readonly RowTexts[];
  readonly faults: readonly Fault[];
}

function textsOf({ source, rows, faults = [] }: SourceRows, { text, textB, owner }: FileTaskOptions): PartTexts {
  if (rows.length + faults.length === 0) throw new Error(`${source} has no rows`);
  const found = readEach(rows, (row) => {
    const place = placeOf(row, source);
    const texts = {
      text: readText(row, text, place),
      textB: textB === undefined ? undefined : readText(row, textB, place),
      owner: owner === undefined ? undefined : readOwner(row, owner, place),
    };
    return { row, line: row.line, texts };
  });
  return { source, read: found.read, faults: [...faults, ...found.faults] };
}

function withLabels({ source, read, faults }: PartTexts, labels: Labels): ReadPart {
  const labelOf = labels.readerOf(
    source,
    read.map(({ row }) => row),
  );
  const found = readEach(read, ({ row, texts: { text, textB, owner } }): Example => {
    const label = labelOf(row);
    return { text, textB, label, owner };
  });
  return { source, examples: found.read, faults: [...faults, ...found.faults].sort((a, b) => a.line - b.line) };
}

/** Benchmarks publish test rows whose labels are all -1, so that nobody tunes on them. */
function hasSecretLabels({ rows }: SourceRows, label: string, classes: readonly string[]): boolean {
  const isSecret = (value: unknown) => (textOfNumber(value) ?? value) === "-1";
  return rows.length > 0 && !classes.includes("-1") && rows.every(({ fields: row }) => isSecret(row[label]));
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
