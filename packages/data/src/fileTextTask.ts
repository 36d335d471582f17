import type { TextMetric } from "@tutti/core";
import { holdOut } from "./dataset.ts";
import type { Dataset, TextExample } from "./example.ts";
import { readOwner, readText } from "./examples.ts";
import { type Fault, readEach } from "./faults.ts";
import { createLabels, type Labels, placeOf } from "./labels.ts";
import type { ReplyColumns } from "./layouts.ts";
import { checkedParts, type Parts, type ReadPart, type SourceParts, type SourceRows, splitParts } from "./parts.ts";
import { readReply } from "./replyRows.ts";
import type { Row } from "./rows.ts";
import type { AnswerTemplate, TextTask } from "./task.ts";

/** Which columns of a file make a text task: of texts with answers, or of plain text. */
export interface FileTextOptions {
  readonly name: string;
  readonly title?: string | undefined;
  readonly columns: ReplyColumns | { readonly kind: "plain"; readonly text: string };
  /** What a text is about, for the partition by label; its values in the training part are the groups where `groups` does not give them. */
  readonly label?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  /** What label numbers stand for, from 0. */
  readonly numbering?: readonly string[] | undefined;
  /** Says who owns the row, for the partition by field. */
  readonly owner?: string | undefined;
  /** By default the text and, on the next line, the answer. */
  readonly template?: AnswerTemplate | undefined;
  /** By default ROUGE-L of answers, and perplexity of plain text. */
  readonly metric?: TextMetric | undefined;
  /** Leave rows that do not fit out, and say how many; else they are refused, all together. */
  readonly skipFaulty?: boolean;
}

/** A text task made of files. */
export interface FileTextTask {
  readonly task: TextTask;
  readonly dataset: Dataset<TextExample>;
  /** The same before anything is held out of the training part. */
  readonly splits: Parts<TextExample>;
  /** What was done to come to three splits, in sentences. */
  readonly notes: readonly string[];
}

/** Says what is reported where the source has no test part. */
const validationReported = "Scores are on the validation rows, because there is no test part.";

/**
 * Makes a text task of rows with named columns, split as `fileTask` splits. Throws with file, line and column of every row that does not fit,
 * one without an answer among them, unless such rows are to be skipped.
 */
export function fileTextTask(options: FileTextOptions, rows: SourceParts, seed = 42): FileTextTask {
  const trainTexts = textsOf(rows.train, options);
  const labels = labelsOf(options, trainTexts);
  const read = (part: SourceRows, texts = textsOf(part, options)) => withGroups(texts, labels);
  const parts = {
    train: read(rows.train, trainTexts),
    validation: rows.validation === undefined ? null : read(rows.validation),
    test: rows.test === undefined ? null : read(rows.test),
  };
  const skipped = checkedParts(Object.values(parts), options.skipFaulty === true);
  const found = { train: parts.train.examples, validation: parts.validation?.examples ?? null, test: parts.test?.examples ?? null };
  const { notes, ...splits } = splitParts(found, seed, validationReported);
  const { train, validation, test } = splits;
  const dataset = validation === null ? { ...holdOut(train, seed), test } : { train, validation, test };
  const task = taskOf(options, splits, labels?.classes ?? []);
  return { task, dataset, splits, notes: [...(labels?.notes ?? []), ...skipped, ...notes] };
}

function taskOf(
  { name, title, columns, template, metric, owner, label }: FileTextOptions,
  parts: Parts<TextExample>,
  groups: readonly string[],
): TextTask {
  const shared = {
    name,
    title: title ?? name,
    dataset: name,
    files: { train: "train.jsonl", validation: parts.validation === null ? null : "validation.jsonl", test: "test.jsonl" },
    groups,
  };
  const fields = { text: "text", group: label === undefined ? null : "label", owner: owner === undefined ? null : "owner" };
  if (columns.kind === "plain") return { kind: "continuation", ...shared, fields, metric: metric ?? "perplexity" };
  const all = [...parts.train, ...(parts.validation ?? []), ...parts.test];
  const hasTurns = all.some((example) => example.kind === "reply" && example.turns !== undefined);
  return {
    kind: "reply",
    ...shared,
    fields: { ...fields, answer: "answer", turns: hasTurns ? "turns" : null },
    template: template ?? { kind: "text", text: "{text}\n{answer}" },
    metric: metric ?? "rougeL",
  };
}

/** What a row says beside its label. */
interface RowTexts {
  readonly row: Row;
  readonly line: number;
  readonly example: TextExample;
}

interface PartTexts {
  readonly source: string;
  readonly read: readonly RowTexts[];
  readonly faults: readonly Fault[];
}

function textsOf({ source, rows, faults = [] }: SourceRows, { columns, owner }: FileTextOptions): PartTexts {
  if (rows.length + faults.length === 0) throw new Error(`${source} has no rows`);
  const found = readEach(rows, (row) => {
    const place = placeOf(row, source);
    const owned = owner === undefined ? {} : { owner: readOwner(row, owner, place) };
    const example: TextExample =
      columns.kind === "plain"
        ? { kind: "continuation", text: readText(row, columns.text, place), ...owned }
        : { kind: "reply", ...readReply(row, columns, place), ...owned };
    return { row, line: row.line, example };
  });
  return { source, read: found.read, faults: [...faults, ...found.faults] };
}

function labelsOf({ label, groups, numbering, skipFaulty = false }: FileTextOptions, { source, read, faults }: PartTexts): Labels | null {
  if (label === undefined) return null;
  return createLabels({ label, classes: groups, numbering, skipFaulty }, { source, rows: read.map(({ row }) => row), faults });
}

function withGroups({ source, read, faults }: PartTexts, labels: Labels | null): ReadPart<TextExample> {
  if (labels === null) return { source, examples: read.map(({ example }) => example), faults };
  const groupOf = labels.readerOf(
    source,
    read.map(({ row }) => row),
  );
  const found = readEach(read, ({ row, example }): TextExample => ({ ...example, group: groupOf(row) }));
  return { source, examples: found.read, faults: [...faults, ...found.faults].sort((a, b) => a.line - b.line) };
}

/** A text task's row as `tutti data add` writes it; the label by its name. */
export function textRowOf(example: TextExample, groups: readonly string[]): Record<string, unknown> {
  const { text, group, owner } = example;
  const { answer, turns } = example.kind === "reply" ? example : { answer: undefined, turns: undefined };
  return {
    ...(turns === undefined ? {} : { turns }),
    text,
    ...(answer === undefined ? {} : { answer }),
    ...(group === undefined ? {} : { label: groups[group] ?? String(group) }),
    ...(owner === undefined ? {} : { owner }),
  };
}
