import { alignColumns } from "@tutti/terminal";
import type { BenchRow } from "./rows.ts";

/** The rows as lines of aligned columns; the last column only where a row has a note. */
export function tableOf(rows: readonly BenchRow[]): string {
  const notes = rows.map(({ note }) => note ?? "");
  const width = Math.max(...notes.map((note) => note.length));
  const lines = cellsOf(rows).map((cells, i) =>
    width === 0 ? cells : [...cells, (i === 0 ? "note" : (notes[i - 1] ?? "")).padEnd(width)],
  );
  return alignColumns(lines).join("\n");
}

/** The rows as a table in Markdown. */
export function markdownOf(rows: readonly BenchRow[]): string {
  const [head = [], ...cells] = cellsOf(rows).map((line, i) => [...line, i === 0 ? "note" : (rows[i - 1]?.note ?? "")]);
  const line = (of: readonly string[]) => `| ${of.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), "|---|--:|---|---|---|---|", ...cells.map(line)].join("\n");
}

function cellsOf(rows: readonly BenchRow[]): string[][] {
  const holds = (value: boolean | null) => (value === null ? "–" : value ? "yes" : "NO");
  const cells = rows.map(({ name, value, unit, goal, holds: met }) => [
    name,
    value === null ? "–" : String(value),
    unit,
    goal ?? "–",
    holds(met),
  ]);
  return [["name", "value", "unit", "goal", "holds"], ...cells];
}
