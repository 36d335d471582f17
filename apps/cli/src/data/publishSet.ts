import { stat } from "node:fs/promises";
import { join } from "node:path";
import { formatCount, formatWhole } from "@tutti/core";
import type { DatasetCard, Parts } from "@tutti/data";
import { UsageError } from "../exitCodes.ts";
import { stoppable } from "../stoppable.ts";
import { useText } from "../useText.ts";
import type { AddDataFlags } from "./flags.ts";
import { type MadeSet, seed } from "./madeSet.ts";
import { type PublishPorts, publish } from "./publish.ts";
import type { SourceSplits } from "./read.ts";

/** What of an example a card's notes go by. */
interface Texts {
  readonly text: string;
  readonly textB?: string | undefined;
}

/** Where a set comes from, and what was asked for. */
interface Origin {
  readonly flags: AddDataFlags;
  readonly read: SourceSplits;
}

/** Draws this many rows of a part that has more. */
async function withFewerRows<E>(all: MadeSet<E>, flags: AddDataFlags): Promise<MadeSet<E>> {
  const { drawExamples } = await import("@tutti/data");
  const wanted = { train: flags.trainRows, validation: flags.validationRows, test: flags.testRows };
  const names = { train: "training", validation: "validation", test: "test" };
  if (wanted.validation !== undefined && all.parts.validation === null)
    throw new UsageError(
      `--validation-rows ${wanted.validation}: ${all.task.name} has no validation part to draw from; a tenth of its training rows validates`,
    );
  const notes = [...all.notes];
  const fewer = (part: keyof Parts, rows: readonly E[]): readonly E[] => {
    const numRows = wanted[part];
    if (numRows === undefined || numRows >= rows.length) return rows;
    notes.push(`The ${names[part]} part is ${formatWhole(numRows)} of ${formatWhole(rows.length)} rows, drawn with seed ${seed}.`);
    return drawExamples(rows, numRows, { seed, purpose: part })[1];
  };
  const { train, validation, test } = all.parts;
  const parts = {
    train: fewer("train", train),
    validation: validation === null ? null : fewer("validation", validation),
    test: fewer("test", test),
  };
  return { ...all, parts, notes };
}

/** Writes the set, or as many of its rows as were asked for, with its card, and says what it holds and how to use it. */
export async function publishSet<E extends Texts>(all: MadeSet<E>, { flags, read }: Origin, ports?: PublishPorts): Promise<void> {
  const data = await import("@tutti/data");
  const made = await withFewerRows(all, flags);
  const { task, parts, notes } = made;
  const partial = made.partialNote(parts.train.length);
  const card = cardOf(made, {
    source: flags.source ?? read.source,
    licence: flags.licence ?? read.licence ?? "unknown",
    format: data.cardFormat,
    notes: [...read.notes, ...notes, ...(partial === null ? [] : [partial]), ...overlapNotes(parts, data.sharedText)],
  });
  const folder = join(flags.datasets, task.name);
  const isReplacing = (await stat(join(folder, "dataset.json")).catch(() => null)) !== null;
  let isPublished = false;
  await stoppable(async (signal) => {
    await publish(folder, filesOf(made, data.defaultRowLimits.maxCharacters), card, { signal, ...ports });
    isPublished = true;
  });
  if (!isPublished) return;
  for (const line of summary(folder, card, made.groups, isReplacing)) console.log(line);
}

function overlapNotes({ train, validation, test }: Parts<Texts>, shared: typeof import("@tutti/data").sharedText): string[] {
  const note = (rows: readonly Texts[], part: string): string[] => {
    const { numShared, numTest } = shared(rows, test);
    return numShared === 0
      ? []
      : [`Test rows whose text is also in the ${part} part: ${formatWhole(numShared)} of ${formatWhole(numTest)}.`];
  };
  return [...note(train, "training"), ...note(validation ?? [], "validation")];
}

function cardOf<E>(
  { task, parts: { train, validation, test }, groups, groupOf }: MadeSet<E>,
  { format, source, licence, notes }: Pick<DatasetCard, "source" | "licence" | "notes" | "format">,
): Omit<DatasetCard, "sha256"> {
  return {
    format,
    task,
    numRows: { train: train.length, validation: validation?.length ?? null, test: test.length },
    numByClass: groups.map((_, group) => train.filter((example) => groupOf(example) === group).length),
    source,
    licence,
    notes: [...new Set([...(task.notes ?? []), ...notes])],
  };
}

function filesOf<E>({ task, parts, rowOf }: MadeSet<E>, maxCharacters: number): Record<string, string> {
  const lines = (examples: readonly E[], part: keyof Parts) => {
    const found = examples.map((example) => `${JSON.stringify(rowOf(example))}\n`);
    const numCharacters = found.reduce((sum, line) => sum + line.length, 0);
    if (numCharacters > maxCharacters)
      throw new UsageError(
        `the ${part} part has ${numCharacters} characters, at most ${maxCharacters} are read: draw fewer rows with --${part}-rows`,
      );
    return found.join("");
  };
  return {
    [task.files.train]: lines(parts.train, "train"),
    ...(task.files.validation === null || parts.validation === null
      ? {}
      : { [task.files.validation]: lines(parts.validation, "validation") }),
    [task.files.test]: lines(parts.test, "test"),
  };
}

function summary(
  folder: string,
  { task, numRows, numByClass, licence, notes }: Omit<DatasetCard, "sha256">,
  groups: readonly string[],
  isReplacing: boolean,
): string[] {
  const { train, validation, test } = numRows;
  const counts = groups.map((name, group) => `${name} ${formatWhole(numByClass[group] ?? 0)}`).join(", ");
  return [
    `${folder}: ${formatCount(train, "training row")}, ${validation === null ? "no validation part" : `${formatWhole(validation)} to validate on`}, ${formatWhole(test)} to test on; licence: ${licence}`,
    ...(groups.length === 0 ? [] : [`${task.kind === "classification" ? "Classes" : "Labels"} in training: ${counts}`]),
    ...(isReplacing ? ["It replaces the earlier data set of that name."] : []),
    ...notes,
    useText({ kind: "datasets", name: task.name, folder }),
  ];
}
