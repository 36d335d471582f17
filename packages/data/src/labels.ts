import { fieldOf } from "./examples.ts";
import type { FileTaskOptions, SourceRows } from "./fileTask.ts";
import type { Row } from "./rows.ts";

/** Gives a row's class number; `place` begins what it throws. */
export interface LabelReader {
  (row: Row, place: string): number;
  readonly classes: readonly string[];
}

type LabelKind = "text" | "numbers" | "true and false";

/** More different labels than this are hardly classes. */
const maxClasses = 200;

/**
 * Reads labels of one kind: names of classes, whole numbers or true and false. A name counts first (capitals do not matter); where the
 * classes are given and no class is called by a number, numbers count from 0, and so do false and true.
 */
export function createLabelReader({ label, classes }: Pick<FileTaskOptions, "label" | "classes">, train: SourceRows): LabelReader {
  let first: { readonly kind: LabelKind; readonly place: string } | null = null;
  const textOf = (row: Row, place: string): string => {
    const value = fieldOf(row, label, place);
    const kind = kindOf(value);
    if (kind === null) throw new Error(`${place}: column "${label}" is ${shown(value)}, expected the name of a class or a whole number`);
    first ??= { kind, place };
    if (kind !== first.kind)
      throw new Error(
        `${place}: column "${label}" is ${shown(value)}, but it holds ${first.kind} at ${first.place}: labels must be of one kind`,
      );
    return String(value).trim();
  };
  const names = classes ?? derivedClasses(train, label, textOf);
  requireClasses(names, label);
  const numberOf = new Map(names.map((name, index) => [name.toLowerCase(), index]));
  const isNumbered = classes !== undefined && !names.some((name) => /^-?\d+$/.test(name));
  const read = (row: Row, place: string): number => {
    const text = textOf(row, place);
    const named = numberOf.get(text.toLowerCase());
    if (named !== undefined) return named;
    const number = /^false$/i.test(text) ? 0 : /^true$/i.test(text) ? 1 : /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (isNumbered && number < names.length) return number;
    const unlabelled = text === "-1" ? " (-1 marks rows whose labels are kept secret)" : "";
    const numbers = isNumbered ? ` or 0 to ${names.length - 1}` : "";
    throw new Error(
      `${place}: column "${label}" is ${shown(row.fields[label])}${unlabelled}, expected one of ${names.join(", ")}${numbers}`,
    );
  };
  return Object.assign(read, { classes: names });
}

function derivedClasses({ source, rows }: SourceRows, label: string, textOf: (row: Row, place: string) => string): string[] {
  const found = new Set<string>();
  const seen = new Map<string, string>();
  for (const row of rows) {
    const text = textOf(row, `${source} line ${row.line}`);
    if (!seen.has(text.toLowerCase())) found.add(text);
    seen.set(text.toLowerCase(), text);
    if (found.size > maxClasses)
      throw new Error(`${source}: column "${label}" has more than ${maxClasses} different values: is it the label?`);
  }
  const isNumeric = [...found].every((text) => /^-?\d+$/.test(text));
  return [...found].sort((a, b) => (isNumeric ? Number(a) - Number(b) : a < b ? -1 : 1));
}

function requireClasses(names: readonly string[], label: string): void {
  const folded = names.map((name) => name.toLowerCase());
  const repeated = folded.find((name, index) => folded.indexOf(name) !== index);
  if (repeated !== undefined) throw new Error(`two classes are called "${repeated}"`);
  if (names.length < 2)
    throw new Error(`column "${label}" knows ${names.length === 1 ? `only "${names[0]}"` : "no class"}: a task needs two classes or more`);
}

function kindOf(value: unknown): LabelKind | null {
  if (typeof value === "string") return value.trim() === "" ? null : "text";
  if (typeof value === "boolean") return "true and false";
  return Number.isInteger(value) ? "numbers" : null;
}

function shown(value: unknown): string {
  return typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? "missing");
}
