import { formatWhole } from "@tutti/core";
import type { ClassificationTask, Example, FileTask, SourceColumns, TaskSource } from "@tutti/data";
import { UsageError } from "../exitCodes.ts";
import type { AddDataFlags } from "./flags.ts";
import { advised, classMetrics, type MadeSet, metricOf, partsOf, seed } from "./madeSet.ts";
import { type DataPlace, dataPlaceOf, datasetNameOf, requireName } from "./places.ts";
import type { PublishPorts } from "./publish.ts";
import { publishSet } from "./publishSet.ts";
import { readSplits, type SourceSplits } from "./read.ts";
import type { SplitNames } from "./splitFiles.ts";
import { columnPlanner, textSet } from "./textSet.ts";

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
  /** Whether its columns are known from where it is published: then they are not asked what they are. */
  readonly isPublished: boolean;
}

/** `tutti data add`. */
export async function addData(target: string, flags: AddDataFlags, ports?: PublishPorts): Promise<void> {
  const place = await dataPlaceOf(target);
  if (place.kind !== "hub" && flags.config !== undefined)
    throw new UsageError(`--config names a configuration of a hub data set, and ${target} is a ${place.kind}`);
  const wanted = await wantedOf(target, place, flags);
  const { config, splits, columns } = wanted;
  const planOf = await columnPlanner(flags, wanted.isPublished);
  const read = await readSplits({
    place,
    columns: (found) => {
      const plan = planOf(found);
      return plan === null ? columnsOf(columns) : plan.needed;
    },
    splits,
    config,
    downloads: flags.downloads,
  });
  const plan = planOf(read.columnsFound);
  if (plan !== null) return publishSet(await textSet(wanted.name, flags, plan, read), { flags, read }, ports);
  return publishSet(await classSet(wanted, flags, read), { flags, read }, ports);
}

function columnsOf({ text, textB, label, owner }: Wanted["columns"]): string[] {
  return [text, label, ...(textB === undefined ? [] : [textB]), ...(owner === undefined ? [] : [owner])];
}

async function classSet({ name, builtIn, columns }: Wanted, flags: AddDataFlags, read: SourceSplits): Promise<MadeSet<Example>> {
  const data = await import("@tutti/data");
  const { text, textB, label, owner, classes } = columns;
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
        metric: flags.metric === undefined ? undefined : metricOf(classMetrics, flags.metric, "classification"),
        skipFaulty: flags.skipFaulty === true,
        ...promptsOf(flags, classes ?? numbering, textB !== undefined),
      },
      partsOf(read),
    ),
  );
  if (classes === undefined && numbering === undefined) requireRepeated(made.task.classes.length, read.train.rows.length, label);
  const { task, parts, notes } = builtIn === null ? { task: made.task, parts: made.splits, notes: made.notes } : fitted(builtIn, made);
  return {
    task,
    parts,
    notes,
    groups: task.classes,
    groupOf: (example) => example.label,
    rowOf: (example) => data.rowOf(example, task.classes),
    partialNote: (numTrain) => (numTrain < parts.train.length ? null : data.partialNote(name, made.splits.train.length)),
  };
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
    isPublished: published !== null,
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

/** The rows as the built-in task's files want them: with or without a validation part of their own. */
function fitted(
  task: ClassificationTask,
  made: FileTask,
): Pick<MadeSet<Example>, "parts" | "notes"> & { readonly task: ClassificationTask } {
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
