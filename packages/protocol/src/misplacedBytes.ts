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
