import { isBlank, lineAt, readQuotedRow } from "./csvLines.ts";

/** What a CSV file's first lines say. */
export interface CsvHeader {
  readonly separator: string;
  /** Names without the space around them; empty where a column has none. */
  readonly columns: readonly string[];
  /** Line of the header, from 1. */
  readonly line: number;
  /** Where the rows begin, and on which line. */
  readonly next: number;
  readonly nextLine: number;
  readonly isQuoted: boolean;
}

const separators = [",", ";", "\t"] as const;

/**
 * Reads the row of column names, after Excel's line `sep=;` where there is one. Else the separator is the most frequent one of the row that gives
 * all wanted columns; a tab goes first where the file's name says so. Null where there is nothing to read.
 */
export function readHeader(content: string, wanted: readonly string[], isTsv: boolean): CsvHeader | null {
  const [said = "", given] = /^"?sep=(\\t|[^"\r\n])"?[,;\t ]*(?:\r\n|\n|\r|$)/i.exec(content) ?? [];
  let at = said.length;
  let line = said === "" ? 1 : 2;
  while (at < content.length && isBlank(lineAt(content, at).text)) {
    at = lineAt(content, at).next;
    line++;
  }
  if (at >= content.length) return null;
  const candidates = given === undefined ? bySeparator(content, at, isTsv) : [given === "\\t" ? "\t" : given];
  const headers = candidates.map((separator) => headerAt(content, at, line, separator));
  return headers.find(({ columns }) => wanted.every((name) => columns.includes(name))) ?? headers[0] ?? null;
}

function bySeparator(content: string, at: number, isTsv: boolean): string[] {
  const names = lineAt(content, at).text.replace(/"[^"]*"/g, "");
  const count = (separator: string) => (isTsv && separator === "\t" && names.includes("\t") ? Infinity : names.split(separator).length);
  return [...separators].sort((a, b) => count(b) - count(a));
}

function headerAt(content: string, at: number, line: number, separator: string): CsvHeader {
  const quoted = readQuotedRow(content, at, separator);
  const plain = lineAt(content, at);
  const read = "problem" in quoted ? { cells: plain.text.split(separator), next: plain.next, numLines: 1, styles: [] } : quoted;
  return {
    separator,
    line,
    next: read.next,
    nextLine: line + read.numLines,
    columns: read.cells.map((cell) => cell.trim()),
    isQuoted: read.styles.some((style) => style !== "open"),
  };
}
