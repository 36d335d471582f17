import type { BodyRow, CsvBody } from "./csvRows.ts";

/** How many rows, and on which line the first begins. */
interface Tally {
  count: number;
  first: number;
}

/** What was seen of quotation marks while a file was read. */
export interface Seen {
  /** Rows with a cell that begins with a mark of the text. */
  readonly literal: Tally;
  /** Rows with a mark inside a cell that is not quoted. */
  readonly inside: Tally;
  /** Rows with a cell that had to be quoted. */
  readonly needed: Tally;
  /** First and last lines of quoted rows of which each line would make a row. */
  readonly ambiguous: [first: number, last: number][];
  /** By column: cells that are quoted without need, and whether others are not quoted. */
  readonly needless: Tally[];
  readonly isOpen: boolean[];
}

export function startSeeing(): Seen {
  const none = () => ({ count: 0, first: 0 });
  return { literal: none(), inside: none(), needed: none(), ambiguous: [], needless: [], isOpen: [] };
}

/** Counts one row in. */
export function see(seen: Seen, row: BodyRow, line: number): void {
  if (row.cells === null) return;
  const { cells, styles } = row;
  const styleOf = (column: number) => styles?.[column] ?? "open";
  if (row.isAmbiguous === true) seen.ambiguous.push([line, line + row.numLines - 1]);
  if (styles?.includes("needed") === true) add(seen.needed, line);
  if (styles === null && cells.some((cell) => cell.startsWith('"'))) add(seen.literal, line);
  if (cells.some((cell, column) => styleOf(column) === "open" && cell.includes('"', 1))) add(seen.inside, line);
  for (const column of cells.keys()) {
    if (styleOf(column) === "open") seen.isOpen[column] = true;
    if (styleOf(column) !== "quoted") continue;
    seen.needless[column] ??= { count: 0, first: line };
    seen.needless[column].count++;
  }
}

function add(tally: Tally, line: number): void {
  if (tally.count === 0) tally.first = line;
  tally.count++;
}

/** What was assumed about quotation marks, in sentences. */
export function notesOf({ literal, ambiguous, needless, isOpen }: Seen, { source, separator, isUnquoted }: CsvBody): string[] {
  const how = isUnquoted ? `${source} is read as written without quoting` : `${source} line ${literal.first}`;
  const notes = literal.count === 0 ? [] : [`${how}: a quotation mark that begins a cell belongs to the text (${told(literal)}).`];
  for (const [first, last] of ambiguous.slice(0, 3))
    notes.push(
      `${source} lines ${first} to ${last} are read as one row, since quotation marks enclose them, though each would make a row.`,
    );
  const mixed = needless.find((_, column) => isOpen[column] === true);
  if (separator === "\t" && mixed !== undefined) notes.push(`${source}: quotation marks around whole cells are left out (${told(mixed)}).`);
  return notes;
}

function told({ count, first }: Tally): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? "row" : "rows"}, first line ${first}`;
}
