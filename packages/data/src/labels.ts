import { fieldOf } from "./examples.ts";
import type { FileTaskOptions, SourceRows } from "./fileTask.ts";
import type { Row } from "./rows.ts";

/** Gives a row's class number; `source` names the file in what it throws. */
export interface LabelReader {
  (row: Row, source: string): number;
  readonly classes: readonly string[];
}

type LabelKind = "text" | "numbers" | "true and false";
type TextOf = (row: Row, source: string) => string;

/** More different labels than this are hardly classes. */
const maxClasses = 200;

/**
 * Reads labels that are, within a file, of one kind: names of classes, whole numbers or true and false. A name counts first (capitals do not
 * matter). Numbers that have names stand for these, if they are names of classes; where the classes are given and none is called by a
 * number, other numbers count from 0, and so do false and true.
 */
export function createLabelReader({ label, numbering, ...options }: LabelOptions, train: SourceRows): LabelReader {
  const textOf = labelTexts(label);
  const given = options.classes ?? numbering;
  const names = given ?? derivedClasses(train, label, textOf);
  requireClasses(names, label);
  const numberOf = new Map(names.map((name, index) => [name.toLowerCase(), index]));
  const named = numbering?.every((name) => numberOf.has(name.toLowerCase())) === true ? numbering : names;
  const isNumbered = given !== undefined && !names.some((name) => /^-?\d+$/.test(name));
  const read = (row: Row, source: string): number => {
    const text = textOf(row, source);
    const number = numberIn(text);
    const found = numberOf.get(text.toLowerCase()) ?? (isNumbered ? numberOf.get(named[number]?.toLowerCase() ?? "") : undefined);
    if (found !== undefined) return found;
    const unlabelled = text === "-1" ? " (-1 marks rows whose labels are kept secret)" : "";
    const numbers = isNumbered ? ` or 0 to ${names.length - 1}` : "";
    throw new Error(
      `${placeOf(row, source)}: column "${label}" is ${shown(row.fields[label])}${unlabelled}, expected one of ${names.join(", ")}${numbers}`,
    );
  };
  return Object.assign(read, { classes: names });
}

type LabelOptions = Pick<FileTaskOptions, "label" | "classes" | "numbering">;

/** Labels as text, each file's of one kind. */
function labelTexts(label: string): TextOf {
  const kinds = new Map<string, { readonly kind: LabelKind; readonly place: string }>();
  return (row, source) => {
    const place = placeOf(row, source);
    const value = fieldOf(row, label, place);
    const kind = kindOf(value);
    if (kind === null) throw new Error(`${place}: column "${label}" is ${shown(value)}, expected the name of a class or a whole number`);
    const first = kinds.get(source) ?? { kind, place };
    kinds.set(source, first);
    if (kind !== first.kind) {
      const found = `column "${label}" is ${shown(value)}, but it holds ${first.kind} at ${first.place}`;
      throw new Error(`${place}: ${found}: labels must be of one kind`);
    }
    return String(value).trim();
  };
}

function placeOf({ line }: Row, source: string): string {
  return `${source} line ${line}`;
}

function numberIn(text: string): number {
  if (/^false$/i.test(text)) return 0;
  if (/^true$/i.test(text)) return 1;
  return /^\d+$/.test(text) ? Number(text) : -1;
}

function derivedClasses({ source, rows }: SourceRows, label: string, textOf: TextOf): string[] {
  const found = new Set<string>();
  const seen = new Map<string, string>();
  for (const row of rows) {
    const text = textOf(row, source);
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
