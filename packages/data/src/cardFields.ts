/** Parts of a data set's card, checked one by one; each throws with the place of what is not as it should be. */
export function readJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${source} is not JSON`, { cause });
  }
}

/** An object. */
export function record(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${place} is ${JSON.stringify(value) ?? "missing"}, expected an object`);
}

/** A list of anything. */
export function list(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${place} is ${JSON.stringify(value) ?? "missing"}, expected a list`);
}

/** A list of texts. */
export function strings(value: unknown, place: string): readonly string[] {
  return list(value, place).map((item) => string(item, place));
}

/** Text that is not empty. */
export function string(value: unknown, place: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new Error(`${place} is ${JSON.stringify(value) ?? "missing"}, expected text`);
}

/** Text, or null where there is none. */
export function stringOrNull(value: unknown, place: string): string | null {
  return value === null ? null : string(value, place);
}

/** A whole number from 0. */
export function count(value: unknown, place: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${place} is ${JSON.stringify(value) ?? "missing"}, expected a whole number`);
}

/** A name that leads to no other folder. */
export function fileName(value: unknown, place: string): string {
  const name = string(value, place);
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new Error(`${place} is "${name}", expected a file name of letters, digits, dots and dashes`);
}

/** One of some texts. */
export function oneOf<T extends string>(known: readonly T[], value: unknown, place: string): T {
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw new Error(`${place} is ${JSON.stringify(value)}, expected one of ${known.join(", ")}`);
}
