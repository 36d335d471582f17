import { alignColumns } from "@tutti/terminal";

/** A relative error as a percentage of two digits; exact zero as such. */
export function percent(error: number): string {
  return error === 0 ? "0" : `${(100 * error).toPrecision(2)} %`;
}

/** Rows as columns of equal width, the first to the left and the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  return alignColumns(rows).join("\n");
}

/** Names before their values, the values to the left. */
export function listing(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
