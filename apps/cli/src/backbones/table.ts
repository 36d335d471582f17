import { alignColumns } from "@tutti/terminal";

/** Rows as columns of equal width, the first to the left and the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  return alignColumns(rows).join("\n");
}
