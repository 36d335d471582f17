/** `12,345`. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 shard`, `4 shards`. */
export function some(number: number, thing: string): string {
  return `${count(number)} ${thing}${number === 1 ? "" : "s"}`;
}

/** Bytes in the unit that people read, such as `2.46 MB` (10⁶ bytes). */
export function size(bytes: number): string {
  const [unit, divisor] = bytes >= 1e9 ? ["GB", 1e9] : bytes >= 1e6 ? ["MB", 1e6] : ["kB", 1e3];
  return `${(bytes / divisor).toPrecision(3)} ${unit}`;
}

/** A relative error as a percentage of two digits; exact zero as such. */
export function percent(error: number): string {
  return error === 0 ? "0" : `${(100 * error).toPrecision(2)} %`;
}

/** Names before their values, the values to the left. */
export function listing(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
