import type { Hosting } from "@tutti/client";
import type { Example } from "@tutti/data";
import { findTask, parseOwnExamples } from "@tutti/data";
import { words } from "../words/words.ts";

/** Where this tab's examples come from. What an own file holds never leaves the tab: only the number of its examples is sent. */
export type DataSource =
  | { readonly kind: "share" }
  | {
      readonly kind: "own";
      readonly fileName: string;
      readonly examples: readonly Example[];
      readonly classes: readonly ClassCount[];
      /** What was assumed about the file, in sentences. */
      readonly notes: readonly string[];
    };

/** How many of a volunteer's own examples are of a class. */
export interface ClassCount {
  readonly name: string;
  readonly count: number;
}

/** The largest file that is read, in bytes: above this a page would stand still while it parses. */
export const maxFileBytes = 5_000_000;
const maxExamples = 20_000;

/** Reads a volunteer's file for the run's task, in this page; throws with what is wrong and what to do. */
export async function readOwnFile(
  file: Pick<File, "name" | "size" | "arrayBuffer">,
  taskName: string,
): Promise<DataSource & { kind: "own" }> {
  if (file.size > maxFileBytes) throw new Error(words.fileProblems.tooLarge(file.name, file.size, maxFileBytes));
  const task = findTask(taskName);
  if (task.kind !== "classification") throw new Error(words.fileProblems.textTask(task.title));
  const { examples, notes } = parseOwnExamples(file.name, new Uint8Array(await file.arrayBuffer()), task);
  if (examples.length > maxExamples) throw new Error(words.fileProblems.tooManyRows(file.name, examples.length, maxExamples));
  const classes = task.classes.map((name, label) => ({ name, count: examples.filter((example) => example.label === label).length }));
  return { kind: "own", fileName: file.name, examples, classes, notes };
}

/** How the session is told. */
export function hostingOf(source: DataSource): Hosting {
  return source.kind === "own" ? { kind: "own", examples: source.examples } : { kind: "virtual" };
}
