import { formatCount, formatWhole } from "@tutti/core";
import { ExactNumber } from "./exactNumber.ts";
import type { Fault } from "./faults.ts";

/** One row of a data file, its fields still unchecked. */
export interface Row {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  /** Name of the file, where several make a part. */
  readonly source?: string;
  /** Numbers that lose digits as JavaScript numbers are `ExactNumber`s. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a data file holds. */
export interface RowsRead {
  readonly rows: Row[];
  /** Rows that the file's format does not allow, in their order. */
  readonly faults: readonly Fault[];
  /** What was assumed about the file, in sentences that name it. */
  readonly notes: readonly string[];
}

/** How a text file is read. */
export interface ReadOptions {
  readonly limits?: RowLimits;
  /** The columns that are needed; all where they are left out. Other columns may have no name, or one name twice. */
  readonly columns?: readonly string[];
}

/** How much a data file may hold. */
export interface RowLimits {
  readonly maxRows: number;
  /** Of the text in memory, in UTF-16 units. */
  readonly maxCharacters: number;
}

/** A million rows, 200 million characters. */
export const defaultRowLimits: RowLimits = { maxRows: 1e6, maxCharacters: 2e8 };

/** The text without a byte order mark; refuses what is no text or too long. */
export function checkedText(text: string, source: string, limits: RowLimits): string {
  requireLength(text.length, source, limits);
  const nul = text.indexOf("\0");
  if (nul !== -1) throw new Error(`${source} is not a text file (character ${nul + 1} is NUL): save it as CSV or JSON Lines in UTF-8`);
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** Refuses a text that has more characters than are read. */
export function requireLength(numCharacters: number, source: string, limits: RowLimits = defaultRowLimits): void {
  if (numCharacters > limits.maxCharacters)
    throw new Error(
      `${source} has ${formatCount(numCharacters, "character")}; at most ${formatWhole(limits.maxCharacters)} are read: split it into smaller files`,
    );
}

/** Refuses a row too many. */
export function requireRoom(numRows: number, source: string, limits: RowLimits): void {
  if (numRows >= limits.maxRows)
    throw new Error(
      `${source} has more than ${formatCount(limits.maxRows, "row")}; at most that many are read: split it into smaller files`,
    );
}

/** A field's value as errors show it. */
export function shownValue(value: unknown): string {
  if (value instanceof ExactNumber) return value.digits;
  const text = jsonOf(value);
  return text.length <= 80 ? text : `${text.slice(0, 78)} …`;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part)) ?? "missing";
  } catch (cause) {
    if (cause instanceof RangeError) return Array.isArray(value) ? "an array too deep to show" : "a table too deep to show"; // the stack's end
    throw cause;
  }
}
