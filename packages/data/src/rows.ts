/** One row of a data file, its fields still unchecked. */
export interface Row {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
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
  if (text.length > limits.maxCharacters) {
    throw new Error(`${source} has ${text.length} characters, at most ${limits.maxCharacters} are read: split it into smaller files`);
  }
  const nul = text.indexOf("\0");
  if (nul !== -1) throw new Error(`${source} is not a text file (character ${nul + 1} is NUL): save it as CSV or JSON Lines in UTF-8`);
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** Refuses a row too many. */
export function requireRoom(numRows: number, source: string, limits: RowLimits): void {
  if (numRows >= limits.maxRows) throw new Error(`${source} has more than ${limits.maxRows} rows, which is as many as are read`);
}
