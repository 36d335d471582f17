import { formatWhole } from "@tutti/core";

/** What can be wrong with a row, and how a count of such rows is told. */
const phrases = {
  cells: "with another number of cells",
  quotes: "with a quotation mark that is not closed or not doubled",
  json: "without a JSON object",
  missing: "with a field missing",
  repeated: "with a field that comes twice",
  empty: "with an empty field",
  notText: "with a value that is not text",
  label: "with a label that is not a class",
  answer: "without an answer",
  turns: "with turns that are not a conversation",
} as const;

/** What can be wrong with a row, as it is counted. */
export type FaultKind = keyof typeof phrases;

/** A row that cannot be used. */
export interface Fault {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  readonly kind: FaultKind;
  /** File, line, what was found and what was expected. */
  readonly message: string;
}

/** What the reader of one row throws: the row is at fault, not the file. */
export class RowFault extends Error {
  override readonly name = "RowFault";
  readonly kind: FaultKind;
  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Rows that cannot be used, told together: one line each for the first ten, then how many there are of which kind. */
export class FaultyRows extends Error {
  override readonly name = "FaultyRows";
}

const numListed = 10;

/** Throws where there are faults; `numRows` counts all rows. */
export function refuseFaults(faults: readonly Fault[], numRows: number): void {
  const [first] = faults;
  if (first === undefined) return;
  if (faults.length === 1) throw new FaultyRows(first.message);
  const listed = faults.slice(0, numListed).map(({ message }) => `  ${message}`);
  const kinds = faults.length > numListed ? [`  and ${formatWhole(faults.length - numListed)} more; in all ${countsByKind(faults)}`] : [];
  throw new FaultyRows([`${formatWhole(faults.length)} of ${formatWhole(numRows)} rows cannot be used:`, ...listed, ...kinds].join("\n"));
}

/** Such as `3 with an empty field, 1 with a field missing`, the most frequent kind first. */
export function countsByKind(faults: readonly Fault[]): string {
  const counts = new Map<FaultKind, number>();
  for (const { kind } of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${formatWhole(count)} ${phrases[kind]}`)
    .join(", ");
}

/** Reads each row; what a row's reader throws as a `RowFault` is collected with its line. */
export function readEach<R extends { readonly line: number }, T>(rows: readonly R[], read: (row: R) => T): { read: T[]; faults: Fault[] } {
  const found: T[] = [];
  const faults: Fault[] = [];
  for (const row of rows) {
    try {
      found.push(read(row));
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      faults.push({ line: row.line, kind: error.kind, message: error.message });
    }
  }
  return { read: found, faults };
}
