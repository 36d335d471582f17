import type { FileTextOptions, TextExample } from "@tutti/data";
import { UsageError } from "../exitCodes.ts";
import type { AddDataFlags } from "./flags.ts";
import { advised, type MadeSet, metricOf, partsOf, textMetrics } from "./madeSet.ts";
import type { SourceSplits } from "./read.ts";

/** Which columns of a text task's rows are read, and for what. */
export interface TextPlan {
  readonly columns: FileTextOptions["columns"];
  readonly needed: readonly string[];
}

/** The plan for a source with these columns; null where it is of classification. */
export type ColumnPlanner = (found: readonly string[]) => TextPlan | null;

/**
 * Tells a text task by what was asked for, else by the names of its columns, where none of classification was named and they are not `text`
 * and `label`.
 */
export async function columnPlanner(flags: AddDataFlags, isPublished: boolean): Promise<ColumnPlanner> {
  const { columnsNeeded, layoutNames, replyLayout } = await import("@tutti/data");
  const { text, textB, answer, label, owner, kind } = flags;
  const more = [label, owner].filter((name) => name !== undefined);
  if (kind === "classification" || (isPublished && kind === undefined)) {
    if (answer !== undefined) throw new UsageError("--answer is for reply tasks, and this one is of classification: leave it out");
    return () => null;
  }
  if (kind === "continuation") {
    if (answer !== undefined || textB !== undefined)
      throw new UsageError("a continuation task has plain text alone: leave --answer and --text-b out");
    const columns = { kind: "plain", text: text ?? "text" } as const;
    return () => ({ columns, needed: [columns.text, ...more] });
  }
  if (answer !== undefined) {
    const columns = { kind: "columns", text: text ?? "text", textB, answer } as const;
    return () => ({ columns, needed: [...columnsNeeded(columns), ...more] });
  }
  const isOfClasses = [text, textB, flags.classes, flags.words].some((given) => given !== undefined);
  return (found) => {
    if (kind === undefined && (isOfClasses || (found.includes("text") && found.includes(label ?? "label")))) return null;
    const layout = replyLayout(found);
    if (layout !== null) return { columns: layout, needed: [...columnsNeeded(layout), ...more] };
    if (kind === undefined) return null;
    throw new UsageError(
      `a reply task needs the column of its answers: name it with --answer, or bring the columns ${layoutNames}; found ${found.join(", ") || "none"}`,
    );
  };
}

/** Makes a text task of what was read. */
export async function textSet(name: string, flags: AddDataFlags, plan: TextPlan, read: SourceSplits): Promise<MadeSet<TextExample>> {
  const data = await import("@tutti/data");
  const { columns } = plan;
  const kind = columns.kind === "plain" ? "continuation" : "reply";
  if (flags.words !== undefined) throw new UsageError(`--words are for classification: a ${kind} task answers with text`);
  if (flags.classes !== undefined && flags.label === undefined)
    throw new UsageError("--classes names the values of the label column: name that column with --label");
  if (flags.template !== undefined && kind === "continuation")
    throw new UsageError("--template is for tasks that ask something: a continuation task has plain text alone");
  const { template, metric, label } = flags;
  const made = advised(data.FaultyRows, () =>
    data.fileTextTask(
      {
        name,
        columns,
        label,
        title: flags.title,
        owner: flags.owner,
        groups: flags.classes?.split(",").map((part) => part.trim()),
        numbering: label === undefined ? undefined : read.classNames[label],
        template: template === undefined ? undefined : usable(() => data.answerTemplateOf(template, "--template")),
        metric: metric === undefined ? undefined : metricOf(textMetrics, metric, kind),
        skipFaulty: flags.skipFaulty === true,
      },
      partsOf(read),
    ),
  );
  const { task, splits, notes } = made;
  return {
    task,
    parts: splits,
    notes: [...notes, ...layoutNotes(flags, plan)],
    groups: task.groups,
    groupOf: (example) => example.group,
    rowOf: (example) => data.textRowOf(example, task.groups),
    partialNote: () => null,
  };
}

/** What was taken for the texts and the answers, where nobody named the columns. */
function layoutNotes({ answer }: AddDataFlags, { columns }: TextPlan): string[] {
  if (answer !== undefined || columns.kind === "plain") return [];
  if (columns.kind === "conversation")
    return [`Conversations are in "${columns.messages}": the last turn is the answer, the user's before it the text.`];
  const texts = [columns.text, ...(columns.textB === undefined ? [] : [columns.textB])].map((name) => `"${name}"`).join(" and ");
  return [`The text is in ${texts}, the answer in "${columns.answer}".`];
}

function usable<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
