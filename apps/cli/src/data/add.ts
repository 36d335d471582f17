import { stat } from "node:fs/promises";
import { join } from "node:path";
import { formatCount, formatWhole } from "@tutti/core";
import type { ClassificationTask, DatasetCard, Example, FileTask, SourceColumns, TaskSource } from "@tutti/data";
import { UsageError } from "../exitCodes.ts";
import { stoppable } from "../stoppable.ts";
import { useText } from "../useText.ts";
import { type DataPlace, dataPlaceOf, datasetNameOf, requireName } from "./places.ts";
import { type PublishPorts, publish } from "./publish.ts";
import { readSplits } from "./read.ts";
import type { SplitNames } from "./splitFiles.ts";

export interface AddDataFlags {
  readonly name?: string;
  readonly title?: string;
  readonly config?: string;
  readonly text?: string;
  readonly textB?: string;
  readonly label?: string;
  readonly owner?: string;
  readonly classes?: string;
  readonly template?: string;
  readonly words?: string;
  readonly metric?: ClassificationTask["metric"];
  readonly train?: string;
  readonly validation?: string;
  readonly test?: string;
  readonly trainRows?: number;
  readonly validationRows?: number;
  readonly testRows?: number;
  /** Leave faulty rows out instead of refusing them. */
  readonly skipFaulty?: boolean;
  readonly source?: string;
  readonly licence?: string;
  readonly datasets: string;
  readonly downloads: string;
}

interface Wanted {
  readonly name: string;
  /** The built-in task that the rows are for; null for a task of its own. */
  readonly builtIn: ClassificationTask | null;
  readonly columns: Omit<SourceColumns, "classes"> & {
    readonly classes: readonly string[] | undefined;
    readonly owner: string | undefined;
  };
  readonly config: string | undefined;
  readonly splits: SplitNames;
}

/** What is drawn here is drawn once for all runs. */
const seed = 42;

/** `tutti data add`. */
export async function addData(target: string, flags: AddDataFlags, ports?: PublishPorts): Promise<void> {
  const place = await dataPlaceOf(target);
  if (place.kind !== "hub" && flags.config !== undefined)
    throw new UsageError(`--config names a configuration of a hub data set, and ${target} is a ${place.kind}`);
  const { name, builtIn, columns, config, splits } = await wantedOf(target, place, flags);
  const { text, textB, label, owner } = columns;
  const needed = [text, label, ...(textB === undefined ? [] : [textB]), ...(owner === undefined ? [] : [owner])];
  const read = await readSplits({ place, columns: needed, splits, config, downloads: flags.downloads });
  const data = await import("@tutti/data");
  const { classes } = columns;
  const numbering = read.classNames[label] ?? columns.numbering;
  const made = advised(data.FaultyRows, () =>
    data.fileTask(
      {
        name,
        text,
        textB,
        label,
        owner,
        classes,
        numbering,
        title: flags.title,
        metric: flags.metric,
        skipFaulty: flags.skipFaulty === true,
        ...promptsOf(flags, classes ?? numbering, textB !== undefined),
      },
      {
        train: read.train,
        validation: read.validation ?? undefined,
        test: read.test ?? undefined,
      },
    ),
  );
  if (classes === undefined && numbering === undefined) requireRepeated(made.task.classes.length, read.train.rows.length, label);
  const fitting = builtIn === null ? { task: made.task, parts: made.splits, notes: made.notes } : fitted(builtIn, made);
  const { task, parts, notes } = withFewerRows(fitting, flags, data.drawExamples);
  const partial = parts.train.length < fitting.parts.train.length ? null : data.partialNote(name, made.splits.train.length);
  const card = cardOf(task, parts, {
    source: flags.source ?? read.source,
    licence: flags.licence ?? read.licence ?? "unknown",
    format: data.cardFormat,
    notes: [...read.notes, ...notes, ...(partial === null ? [] : [partial]), ...overlapNotes(parts, data.sharedText)],
  });
  const folder = join(flags.datasets, name);
  const isReplacing = (await stat(join(folder, "dataset.json")).catch(() => null)) !== null;
  let isPublished = false;
  await stoppable(async (signal) => {
    await publish(folder, filesOf(task, parts, data), card, { signal, ...ports });
    isPublished = true;
  });
  if (!isPublished) return;
  for (const line of summary(folder, card, isReplacing)) console.log(line);
}

/** Says with refused rows how to go on without them. */
function advised<T>(FaultyRows: typeof import("@tutti/data").FaultyRows, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof FaultyRows)) throw cause;
    throw new FaultyRows(`${cause.message}\n--skip-faulty leaves these rows out`, { cause });
  }
}

/** A column whose values hardly repeat, such as the text itself, is no label. */
function requireRepeated(numClasses: number, numRows: number, label: string): void {
  if (numClasses > 20 && 2 * numClasses > numRows)
    throw new UsageError(
      `column "${label}" has ${formatWhole(numClasses)} different values in ${formatWhole(numRows)} rows: --label names the column, or --classes the classes`,
    );
}

async function wantedOf(target: string, place: DataPlace, flags: AddDataFlags): Promise<Wanted> {
  const { findClassification, taskSources } = await import("@tutti/data");
  const known = Object.entries(taskSources);
  const onHub = known.find(
    ([name, { hub }]) => place.kind === "hub" && hub?.id === place.id && (name === target || hub.config === (flags.config ?? "default")),
  );
  const name = flags.name ?? onHub?.[0] ?? datasetNameOf(place, flags.config);
  requireName(name);
  const source: TaskSource | undefined = Object.hasOwn(taskSources, name) ? taskSources[name] : undefined;
  const hub = onHub?.[1].hub ?? null;
  const published = place.kind === "hub" ? hub : place.kind === "folder" && source !== undefined ? source.folder : null;
  const classes = flags.classes?.split(",").map((part) => part.trim()) ?? published?.classes;
  const textB = flags.textB ?? published?.textB;
  return {
    name,
    builtIn: source === undefined ? null : findClassification(name, "a source with classes"),
    columns: {
      text: flags.text ?? published?.text ?? "text",
      label: flags.label ?? published?.label ?? "label",
      textB,
      owner: flags.owner,
      classes,
      numbering: published?.numbering,
    },
    config: flags.config ?? hub?.config,
    splits: {
      train: flags.train ?? hub?.splits.train,
      validation: flags.validation ?? hub?.splits.validation,
      test: flags.test ?? hub?.splits.test,
    },
  };
}

function promptsOf({ template, words }: AddDataFlags, classes: readonly string[] | undefined, isPair: boolean) {
  if (template === undefined && words === undefined) return {};
  const labelWords = words?.split(",").map((word) => word.trim()) ?? classes;
  if (labelWords === undefined) throw new UsageError("--template needs --words: one label word for each class, in the order of --classes");
  if (words !== undefined && classes === undefined)
    throw new UsageError("--words needs --classes: the first word is for the first class, and so on");
  if (labelWords.length !== classes?.length) throw new UsageError(`${labelWords.length} --words for ${classes?.length} classes`);
  const chosen = template ?? (isPair ? "{text} ? {mask} , {textB}" : "{text} . It was {mask} .");
  for (const part of ["{text}", "{mask}", ...(isPair ? ["{textB}"] : [])])
    if (!chosen.includes(part)) throw new UsageError(`--template "${chosen}" has no ${part}`);
  return { prompts: [{ template: chosen, labelWords }] };
}

type Splits = FileTask["splits"];

interface Fitting {
  readonly task: ClassificationTask;
  readonly parts: Splits;
  readonly notes: readonly string[];
}

/** With so many rows of a part, drawn, where there are more. */
function withFewerRows(all: Fitting, flags: AddDataFlags, draw: typeof import("@tutti/data").drawExamples): Fitting {
  const wanted = { train: flags.trainRows, validation: flags.validationRows, test: flags.testRows };
  const names = { train: "training", validation: "validation", test: "test" };
  if (wanted.validation !== undefined && all.parts.validation === null)
    throw new UsageError(
      `--validation-rows ${wanted.validation}: ${all.task.name} has no validation part to draw from; a tenth of its training rows validates`,
    );
  const notes = [...all.notes];
  const fewer = <P extends readonly Example[] | null>(part: keyof Splits, rows: P): P | Example[] => {
    const numRows = wanted[part];
    if (rows === null || numRows === undefined || numRows >= rows.length) return rows;
    notes.push(`The ${names[part]} part is ${formatWhole(numRows)} of ${formatWhole(rows.length)} rows, drawn with seed ${seed}.`);
    return draw(rows, numRows, { seed, purpose: part })[1];
  };
  const { train, validation, test } = all.parts;
  const parts = { train: fewer("train", train), validation: fewer("validation", validation), test: fewer("test", test) };
  return { ...all, parts: { ...all.parts, ...parts }, notes };
}

/** The rows as the built-in task's files want them: with or without a validation part of their own. */
function fitted(task: ClassificationTask, made: FileTask): Fitting {
  const { splits, dataset, notes } = made;
  const { classes, fields } = made.task;
  if (classes.length !== task.classes.length)
    throw new UsageError(`${task.name} has ${task.classes.length} classes (${task.classes.join(", ")}), the files have ${classes.length}`);
  if ((fields.textB === null) !== (task.fields.textB === null))
    throw new UsageError(
      `${task.name} is a task of ${task.fields.textB === null ? "single texts" : "pairs: --text-b names the second text"}`,
    );
  if (fields.owner !== null) throw new UsageError(`${task.name} is a built-in task without owners: give yours another --name`);
  if (task.files.validation === null) {
    if (splits.validation === null) return { task, parts: splits, notes };
    return { task, parts: { ...splits, validation: null }, notes: [...notes, "The validation rows of the source are left out."] };
  }
  if (splits.validation !== null) return { task, parts: splits, notes };
  const drawn = `A tenth of the training rows, drawn with seed ${seed}, is the validation part.`;
  return { task, parts: { ...splits, train: dataset.train, validation: dataset.validation }, notes: [...notes, drawn] };
}

function overlapNotes({ train, validation, test }: Splits, shared: typeof import("@tutti/data").sharedText): string[] {
  const note = (rows: readonly Example[], part: string): string[] => {
    const { numShared, numTest } = shared(rows, test);
    return numShared === 0
      ? []
      : [`Test rows whose text is also in the ${part} part: ${formatWhole(numShared)} of ${formatWhole(numTest)}.`];
  };
  return [...note(train, "training"), ...note(validation ?? [], "validation")];
}

function cardOf(
  task: ClassificationTask,
  { train, validation, test }: Splits,
  about: Pick<DatasetCard, "source" | "licence" | "notes" | "format">,
): Omit<DatasetCard, "sha256"> {
  const { format, source, licence, notes } = about;
  return {
    format,
    task,
    numRows: { train: train.length, validation: validation?.length ?? null, test: test.length },
    numByClass: task.classes.map((_, label) => train.filter((example) => example.label === label).length),
    source,
    licence,
    notes: [...new Set([...(task.notes ?? []), ...notes])],
  };
}

function filesOf(
  task: ClassificationTask,
  parts: Splits,
  { rowOf, defaultRowLimits }: typeof import("@tutti/data"),
): Record<string, string> {
  const lines = (examples: readonly Example[], part: keyof Splits) => {
    const found = examples.map((example) => `${JSON.stringify(rowOf(example, task.classes))}\n`);
    const numCharacters = found.reduce((sum, line) => sum + line.length, 0);
    if (numCharacters > defaultRowLimits.maxCharacters)
      throw new UsageError(
        `the ${part} part has ${numCharacters} characters, at most ${defaultRowLimits.maxCharacters} are read: draw fewer rows with --${part}-rows`,
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
  isReplacing: boolean,
): string[] {
  const { train, validation, test } = numRows;
  const groups = task.kind === "classification" ? task.classes : task.groups;
  const counts = groups.map((name, label) => `${name} ${formatWhole(numByClass[label] ?? 0)}`).join(", ");
  return [
    `${folder}: ${formatCount(train, "training row")}, ${validation === null ? "no validation part" : `${formatWhole(validation)} to validate on`}, ${formatWhole(test)} to test on; licence: ${licence}`,
    ...(groups.length === 0 ? [] : [`${task.kind === "classification" ? "Classes" : "Labels"} in training: ${counts}`]),
    ...(isReplacing ? ["It replaces the earlier data set of that name."] : []),
    ...notes,
    useText({ kind: "datasets", name: task.name, folder }),
  ];
}
