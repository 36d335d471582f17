import type { CsvHeader } from "./csvHeader.ts";
import { type CellStyle, linesBetween, markTextReturns, type PhysicalLine, type QuoteProblem, readQuotedRow } from "./csvLines.ts";
import { areUsual, findRepeats, type Repeats } from "./csvRepeats.ts";
import type { FaultKind } from "./faults.ts";

/** The rows of a CSV file below its header, and what is known of them. */
export interface CsvBody {
  readonly content: string;
  readonly source: string;
  readonly separator: string;
  readonly start: number;
  readonly startLine: number;
  readonly numColumns: number;
  /** How many cells a row has: as many as columns, or as many as go up to the last one with a name. */
  readonly numCells: readonly number[];
  /** Whose quotation marks are: decided row by row, the rules' wherever they can be, or the text's. */
  readonly marks: "either" | "rules" | "text";
  readonly repeats: () => Repeats;
}

/** A row, or what is wrong with it. */
export type BodyRow = {
  /** Where the line after it begins, and how many lines it takes. */
  readonly next: number;
  readonly numLines: number;
} & (
  | {
      readonly cells: readonly string[];
      /** Null where the row is read without quotation rules. */
      readonly styles: readonly CellStyle[] | null;
      /** Where quotation rules make one row of several lines: whether each, or even most and with usual values, would make a row by itself. */
      readonly couldBe?: "no rows" | "rows" | "usual rows";
    }
  | { readonly cells: null; readonly couldBe?: "usual rows"; readonly fault: { readonly kind: FaultKind; readonly message: string } }
);

/** The rows below a header, read one after the other. */
export function openBody(content: string, header: CsvHeader, source: string): CsvBody {
  const { separator, columns, next, nextLine } = header;
  const numNamed = 1 + columns.findLastIndex((name) => name !== "");
  const numCells = [columns.length, numNamed];
  const marked = markTextReturns(content, next, (line) => numCells.includes(line.split(separator).length));
  let repeats: Repeats | null = null;
  const find = () =>
    findRepeats(marked, next, (line) => {
      const cells = line.split(separator);
      return numCells.includes(cells.length) ? cells : null;
    });
  return {
    content: marked,
    source,
    separator,
    start: next,
    startLine: nextLine,
    numColumns: columns.length,
    numCells,
    marks: "either",
    repeats: () => (repeats ??= find()),
  };
}

/**
 * Reads the row that begins at `at`. A cell that begins with a quotation mark is a quoted one (RFC 4180) unless that is hardly meant:
 * - its mark does not close as the rules say, and the line is a row without them;
 * - it takes several lines, most of which are rows by themselves, with values in some column that come back all over the file (labels do);
 *   not so where marks are known to follow the rules.
 * Where commas or semicolons separate, the first needs such values, too, since texts hold them.
 */
export function rowAt(body: CsvBody, at: number, line: PhysicalLine, number: number): BodyRow {
  const plain = line.text.split(body.separator);
  const isRow = body.numCells.includes(plain.length);
  const asItStands: BodyRow = isRow
    ? { cells: plain, styles: null, next: line.next, numLines: 1 }
    : { cells: null, fault: wrongCount(body, plain, number), next: line.next, numLines: 1 };
  if (body.marks === "text" || !plain.some((cell) => cell.startsWith('"'))) return asItStands;
  const quoted = readQuotedRow(body.content, at, body.separator);
  if ("problem" in quoted) {
    if (isRow && isLiteral(body, at, quoted, plain)) return asItStands;
    const message = `${body.source} line ${number}: ${quoted.problem}`;
    return { cells: null, fault: { kind: "quotes", message }, next: line.next, numLines: 1 };
  }
  const isWhole = body.numCells.includes(quoted.cells.length);
  const couldBe = quoted.numLines === 1 ? (isRow ? "rows" : "no rows") : linesOf(body, at, quoted.next);
  if (couldBe === "usual rows" && body.marks === "either") return { ...asItStands, couldBe };
  if (isWhole) return { ...quoted, couldBe };
  return isRow ? asItStands : { ...quoted, cells: null, fault: wrongCount(body, quoted.cells, number) };
}

/** Whether a row whose marks break the rules is meant as it stands. */
function isLiteral(body: CsvBody, at: number, { isClosed }: QuoteProblem, plain: readonly string[]): boolean {
  const isTabbed = body.separator === "\t";
  if (isClosed) return isTabbed || areUsual([plain], body.repeats());
  const couldBe = linesOf(body, at, body.content.length);
  return body.marks === "either" && (couldBe === "usual rows" || (isTabbed && couldBe === "rows"));
}

/** Looks at the lines of a candidate as rows without quotation rules. */
function linesOf(body: CsvBody, start: number, end: number): "no rows" | "rows" | "usual rows" {
  const lines = [...linesBetween(body.content, start, end)].map(({ text }) => text.split(body.separator));
  const rows = lines.filter((cells) => body.numCells.includes(cells.length));
  if (2 * rows.length > lines.length && areUsual(rows, body.repeats())) return "usual rows";
  return rows.length === lines.length ? "rows" : "no rows";
}

function wrongCount({ source, numColumns }: CsvBody, cells: readonly string[], line: number): { kind: FaultKind; message: string } {
  const message =
    `${source} line ${line}: ${cells.length} cells where the first row names ${numColumns} columns ` +
    "(a cell that holds the separator or a line break must be in double quotes)";
  return { kind: "cells", message };
}
