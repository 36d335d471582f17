import { type MethodName, methodNames, methods } from "@tutti/core";

/** The word among a file's methods for every method of the comparison. */
export const allMethods = "all";

/** What `all` makes of a method whose declaration says which rates are worth trying. */
type Declared = { name: MethodName; set: Record<string, unknown>; rates?: number[]; ratesOf?: MethodName };

/** A method by its name, or whole. */
type Given<Entry extends { readonly name: string }> = MethodName | "settings" | Entry;

/**
 * A file's methods with `all` written out, in the order of the comparison. A method that the file lists by name keeps the file's entries. Where
 * `numRates` are tried, the other methods try the rates of their declaration, if it has that number.
 */
export function writtenOut<Entry extends { readonly name: string }>(
  given: readonly (Given<Entry> | typeof allMethods)[],
  numRates: number | null,
): (Given<Entry> | Declared)[] {
  const entries = given.filter((one): one is Given<Entry> => one !== allMethods);
  if (entries.length === given.length) return entries;
  const nameOf = (one: Given<Entry>): string => (typeof one === "string" ? one : one.name);
  const comparison: (Given<Entry> | Declared)[] = methodNames.flatMap((name): (Given<Entry> | Declared)[] => {
    const own = entries.filter((one) => nameOf(one) === name);
    return own.length > 0 ? own : [declared(name, numRates)];
  });
  const others = new Set(entries.filter((one) => methodNames.every((name) => name !== nameOf(one))));
  const at = given.indexOf(allMethods);
  const isBefore = (one: Given<Entry>) => given.indexOf(one) < at;
  return [...[...others].filter(isBefore), ...comparison, ...[...others].filter((one) => !isBefore(one))];
}

function declared(name: MethodName, numRates: number | null): MethodName | Declared {
  const { rates } = methods[name];
  if (numRates === null || rates === undefined) return name;
  if ("of" in rates) return { name, set: {}, ratesOf: rates.of as MethodName };
  return rates.length === numRates ? { name, set: {}, rates: [...rates] } : name;
}
