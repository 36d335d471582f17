import { ExactNumber, textOfNumber } from "./exactNumber.ts";
import { fieldOf } from "./examples.ts";
import { type Fault, RowFault, readEach, refuseFaults } from "./faults.ts";
import { type Row, shownValue } from "./rows.ts";

/** Gives a row's class number; throws a `RowFault`. */
type LabelReader = (row: Row) => number;

/** The classes of a task, and what reads the labels of a file with the rows that count there. */
export interface Labels {
  readonly classes: readonly string[];
  /** Which labels were taken for one class, in sentences. */
  readonly notes: readonly string[];
  readerOf(source: string, rows: readonly Row[]): LabelReader;
}

type LabelKind = "text" | "numbers" | "true and false";
type TextOf = (row: Row) => string;

/** More different labels than this are hardly classes. */
const maxClasses = 200;

/**
 * Reads labels that are, within a file, of one kind, the most frequent one: names of classes, whole numbers or true and false. A name counts
 * first (capitals do not matter). Numbers that have names stand for these, if they are names of classes; where the classes are given and
 * none is called by a number, other numbers count from 0, and so do false and true. Where the classes are not given they are the labels of
 * the training rows; if these are too few, `faults` of those rows are the better answer.
 */
export function createLabels({ label, ...options }: LabelOptions, train: TrainRows): Labels {
  const numbering = options.numbering?.map((name) => name.trim());
  const given = options.classes?.map((name) => name.trim()) ?? numbering;
  const derived = given === undefined ? derivedClasses(train, label, options.skipFaulty === true) : { names: given, notes: [] };
  const { names } = derived;
  requireClasses(names, label);
  const numberOf = new Map(names.map((name, index) => [name.toLowerCase(), index]));
  const named = numbering?.every((name) => numberOf.has(name.toLowerCase())) === true ? numbering : names;
  const isNumbered = given !== undefined && !names.some((name) => /^-?\d+$/.test(name));
  const numberFor = (text: string) =>
    numberOf.get(text.toLowerCase()) ?? (isNumbered ? numberOf.get(named[numberIn(text)]?.toLowerCase() ?? "") : undefined);
  const readerOf = (source: string, rows: readonly Row[]): LabelReader => {
    const textOf = labelTexts(label, source, rows);
    return (row) => {
      const text = textOf(row);
      const found = numberFor(text);
      if (found !== undefined) return found;
      const unlabelled = text === "-1" ? " (-1 marks rows whose labels are kept secret)" : "";
      const expected = `expected one of ${names.join(", ")}${isNumbered ? ` or 0 to ${names.length - 1}` : ""}`;
      throw new RowFault(
        "label",
        `${placeOf(row, source)}: column "${label}" is ${shownValue(row.fields[label])}${unlabelled}, ${expected}`,
      );
    };
  };
  return { classes: names, notes: derived.notes, readerOf };
}

/** The training rows that count so far, and what is wrong with the others. */
export interface TrainRows {
  readonly source: string;
  readonly rows: readonly Row[];
  readonly faults: readonly Fault[];
}

/** Which column holds the labels, and what they are. */
export interface LabelOptions {
  readonly label: string;
  /** In class order; where they are left out, the training part's labels are the classes. */
  readonly classes?: readonly string[] | undefined;
  /** What the source's label numbers stand for, from 0, in its own order; the classes where none are given. */
  readonly numbering?: readonly string[] | undefined;
  /** Leave rows that do not fit out, and say how many; else they are refused, all together. */
  readonly skipFaulty?: boolean;
}

/** Labels as text, each file's of one kind. */
function labelTexts(label: string, source: string, rows: readonly Row[]): TextOf {
  const expected = usualKind(label, rows);
  return (row) => {
    const place = placeOf(row, source);
    const value = fieldOf(row, label, place);
    const kind = kindOf(value);
    if (kind === null) {
      const fault = value === "" || value === null || value === undefined ? "empty" : "label";
      throw new RowFault(fault, `${place}: column "${label}" is ${shownValue(value)}, expected the name of a class or a whole number`);
    }
    if (expected !== null && kind !== expected.kind) {
      const found = `column "${label}" is ${shownValue(value)}, but it holds ${expected.kind} at ${placeOf(expected.first, source)}`;
      throw new RowFault("label", `${place}: ${found}: labels must be of one kind`);
    }
    return (textOfNumber(value) ?? String(value)).trim();
  };
}

/** The most frequent kind of a column's values, and a row that has it; of two equal ones the first. */
function usualKind(label: string, rows: readonly Row[]): { kind: LabelKind; first: Row } | null {
  const found = new Map<LabelKind, { count: number; readonly first: Row }>();
  for (const row of rows) {
    const kind = Object.hasOwn(row.fields, label) ? kindOf(row.fields[label]) : null;
    if (kind === null) continue;
    const known = found.get(kind) ?? { count: 0, first: row };
    known.count++;
    found.set(kind, known);
  }
  const [usual] = [...found].sort(([, a], [, b]) => b.count - a.count);
  return usual === undefined ? null : { kind: usual[0], first: usual[1].first };
}

/** File and line of a row. */
export function placeOf({ line, source: own }: Row, source: string): string {
  return `${own ?? source} line ${line}`;
}

function numberIn(text: string): number {
  if (/^false$/i.test(text)) return 0;
  if (/^true$/i.test(text)) return 1;
  return /^\d+$/.test(text) ? Number(text) : -1;
}

interface Derived {
  readonly names: string[];
  readonly notes: readonly string[];
}

function derivedClasses({ source, rows, faults }: TrainRows, label: string, skipFaulty: boolean): Derived {
  const found = new Map<string, Set<string>>();
  const labels = readEach(rows, labelTexts(label, source, rows));
  for (const text of labels.read) {
    found.set(text.toLowerCase(), (found.get(text.toLowerCase()) ?? new Set()).add(text));
    if (found.size > maxClasses)
      throw new Error(
        `${source}: column "${label}" has more than ${maxClasses} different values, too many classes: name the column that holds the label`,
      );
  }
  if (found.size < 2 && !skipFaulty) refuseFaults([...faults, ...labels.faults], rows.length + faults.length);
  const spellings = [...found.values()].map((texts) => [...texts]);
  const names = spellings.map(([first = ""]) => first);
  return {
    names: names.every((text) => /^-?\d+$/.test(text)) ? names.sort(byNumber) : names.sort((a, b) => (a < b ? -1 : 1)),
    notes: spellings
      .filter(({ length }) => length > 1)
      .map(
        ([first, ...others]) =>
          `${source}: ${others.join(", ")} in column "${label}" ${others.length === 1 ? "counts" : "count"} as ${first}: upper and lower case are not told apart.`,
      ),
  };
}

function byNumber(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function requireClasses(names: readonly string[], label: string): void {
  const folded = names.map((name) => name.toLowerCase());
  const repeated = folded.find((name, index) => folded.indexOf(name) !== index);
  if (repeated !== undefined) throw new Error(`two classes are called "${repeated}"`);
  if (names.length < 2)
    throw new Error(
      `column "${label}" holds ${names.length === 1 ? `only the class "${names[0]}"` : "no class"}: a task needs two classes or more`,
    );
}

function kindOf(value: unknown): LabelKind | null {
  if (typeof value === "string") return value.trim() === "" ? null : "text";
  if (typeof value === "boolean") return "true and false";
  if (value instanceof ExactNumber) return /^-?\d+$/.test(value.digits) ? "numbers" : null;
  return Number.isInteger(value) ? "numbers" : null;
}
