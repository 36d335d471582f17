import { linesBetween } from "./csvLines.ts";

/** Values that come back line after line, by column, as those of a label do; null for a column that holds something else. */
export type Repeats = readonly (ReadonlySet<string> | null)[];

/** Fewer lines show no habit. */
const minLines = 4;
const maxValues = 200;

/**
 * Takes every line from `start` on that holds no quotation mark for a row, and finds the columns whose values repeat. Pieces of a
 * sentence that commas divide do not count: they begin with a space, or are punctuation alone.
 */
export function findRepeats(content: string, start: number, cellsOf: (line: string) => readonly string[] | null): Repeats {
  const counts: (Map<string, number> | null)[] = [];
  let numLines = 0;
  for (const { text } of linesBetween(content, start, content.length)) {
    const cells = text.includes('"') ? null : cellsOf(text);
    if (cells === null) continue;
    numLines++;
    for (const [column, cell] of cells.entries()) {
      if (counts.length === column) counts.push(new Map());
      const values = counts[column];
      if (values === undefined || values === null) continue;
      values.set(cell, (values.get(cell) ?? 0) + 1);
      if (values.size > maxValues) counts[column] = null;
    }
  }
  return counts.map((values) => {
    if (values === null || numLines < minLines || values.size < 2 || values.size === numLines) return null;
    return new Set([...values].filter(([value, count]) => count > 1 && isWord(value)).map(([value]) => value));
  });
}

/** Whether some column of these rows holds only values that repeat in the file. */
export function areUsual(rows: readonly (readonly string[])[], repeats: Repeats): boolean {
  return rows.length > 0 && repeats.some((values, column) => values !== null && rows.every((cells) => values.has(cells[column] ?? "")));
}

function isWord(value: string): boolean {
  return value === value.trim() && /[\p{L}\p{N}]/u.test(value);
}
