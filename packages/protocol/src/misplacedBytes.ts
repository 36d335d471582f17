import type { CallName } from "./messages.ts";

/** The fields of a request that hold bytes; no other place of a message does, and no answer. */
export const byteFields: { readonly [N in CallName]?: readonly string[] } = { submit: ["tensors", "state"] };

/**
 * The first place in a value that holds bytes and is not one of the `allowed` fields, such as `devices`; null for none. Asked before the schema,
 * which takes bytes for an object with a name for each of them.
 */
export function misplacedBytes(value: unknown, allowed: readonly string[] = []): string | null {
  const open: { readonly path: string; readonly value: unknown }[] = [{ path: "", value }];
  // a loop, since JSON may be nested deeper than calls may
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, value: part } = next;
    if (isBytes(part)) {
      if (!allowed.includes(path)) return path;
    } else if (typeof part === "object" && part !== null) {
      for (const [name, child] of Object.entries(part)) {
        if (typeof child === "object" && child !== null) open.push({ path: path === "" ? name : `${path}.${name}`, value: child });
      }
    }
  }
  return null;
}

function isBytes(value: unknown): boolean {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

/** Lists and tables of one message, and names of one table: several times what any message needs. */
const maxParts = 100_000;
const maxNames = 5000;

/**
 * What a message has too many of to be compared with a schema, which looks at every name of a table; null for nothing. Of lists a schema looks at
 * the length first.
 */
export function excessOf(value: unknown): string | null {
  const open: unknown[] = [value];
  let numParts = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    numParts += 1;
    if (numParts > maxParts) return `more than ${maxParts} lists and tables`;
    const names = isTable(next) ? Object.values(next) : [];
    if (names.length > maxNames) return `a table of ${names.length} names, at most ${maxNames} are taken`;
    const children: readonly unknown[] = Array.isArray(next) ? next : names;
    for (const child of children) if (typeof child === "object" && child !== null) open.push(child);
  }
  return null;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isBytes(value);
}
