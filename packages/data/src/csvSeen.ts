import { formatCount } from "@tutti/core";
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
  /** Rows that only quotation rules make rows. */
  readonly ruled: Tally;
  /** Rows that were read as they stand, though the rules would make one of several. */
  readonly split: Tally;
  /** First and last lines of quoted rows of which each line would make a row. */
  readonly ambiguous: { readonly first: number; readonly last: number; readonly isUsual: boolean }[];
  /** By column: cells that are quoted without need, and whether others are not quoted. */
  readonly needless: Tally[];
  readonly isOpen: boolean[];
}

/** Nothing seen yet. */
export function startSeeing(): Seen {
  const none = () => ({ count: 0, first: 0 });
  return { literal: none(), inside: none(), needed: none(), ruled: none(), split: none(), ambiguous: [], needless: [], isOpen: [] };
}

/** Counts one row in. */
export function see(seen: Seen, row: BodyRow, line: number): void {
  if (row.couldBe === "usual rows" && (row.cells === null || row.styles === null)) add(seen.split, line);
  if (row.cells === null) return;
  const { cells, styles, couldBe = "no rows" } = row;
  const styleOf = (column: number) => styles?.[column] ?? "open";
  if (styles !== null && couldBe === "no rows") add(seen.ruled, line);
  if (styles !== null && couldBe !== "no rows" && row.numLines > 1)
    seen.ambiguous.push({ first: line, last: line + row.numLines - 1, isUsual: couldBe === "usual rows" });
  if (styles?.includes("needed") === true) add(seen.needed, line);
  if (styles === null && cells.some((cell) => cell.startsWith('"'))) add(seen.literal, line);
  if (cells.some((cell, column) => styleOf(column) === "open" && cell.includes('"', 1))) add(seen.inside, line);
  for (const column of cells.keys()) {
    if (styleOf(column) === "open") seen.isOpen[column] = true;
    if (styleOf(column) !== "needless") continue;
    seen.needless[column] ??= { count: 0, first: line };
    seen.needless[column].count++;
  }
}

function add(tally: Tally, line: number): void {
  if (tally.count === 0) tally.first = line;
  tally.count++;
}

/** What was assumed about quotation marks, in sentences. */
export function notesOf({ literal, inside, ruled, ambiguous, needless, isOpen }: Seen, { source, separator, marks }: CsvBody): string[] {
  const how = marks === "text" ? `${source} is read without quoting rules` : `${source} line ${literal.first}`;
  const notes = literal.count === 0 ? [] : [`${how}: a quotation mark that begins a cell belongs to the text (${told(literal)}).`];
  const doubtful = ambiguous.filter(({ isUsual }) => isUsual || ruled.count === 0); // a file that needs its marks elsewhere means them here
  for (const { first, last } of doubtful.slice(0, 3))
    notes.push(`${source} lines ${first} to ${last} are read as one row, because quotation marks enclose them; they may be several rows.`);
  if (doubtful.length > 3) notes.push(`${source}: the same holds for ${formatCount(doubtful.length - 3, "more place")}.`);
  const mixed = needless.find((_, column) => isOpen[column] === true);
  if ((separator === "\t" || literal.count + inside.count > 0) && mixed !== undefined)
    notes.push(`${source}: quotation marks around whole cells are left out (${told(mixed)}).`);
  return notes;
}

function told({ count, first }: Tally): string {
  return count === 1 ? `1 row, line ${first}` : `${formatCount(count, "row")}, the first on line ${first}`;
}
