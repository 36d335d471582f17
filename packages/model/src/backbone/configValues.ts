/** The fields of config.json read one by one, each with the default of its configuration class; throws a sentence that names the field. */
export interface ConfigValues {
  /** A whole number above 0. */
  size(name: string, fallback: number): number;
  /** As `size`; null, written or by default, is null. */
  sizeOrNull(name: string): number | null;
  /** A number above 0. */
  positive(name: string, fallback: number): number;
  flag(name: string, fallback: boolean): boolean;
  text(name: string, fallback: string): string;
  /** A token's id, −1 included. */
  idOrNull(name: string, fallback: number | null): number | null;
  /** A table of fields, or null where it is missing, null or empty. */
  table(name: string): Readonly<Record<string, unknown>> | null;
  has(name: string): boolean;
}

/** Reads fields of a configuration, or of a table within it. */
export function configValues(fields: Readonly<Record<string, unknown>>, where = "config.json"): ConfigValues {
  const read = <T>(name: string, isRight: (value: unknown) => value is T, expected: string, fallback: T): T => {
    const value = Object.hasOwn(fields, name) ? fields[name] : fallback;
    if (isRight(value)) return value;
    throw new Error(`${where}: ${name} is ${JSON.stringify(value)}, expected ${expected}`);
  };
  return {
    size: (name, fallback) => read(name, isSize, "a whole number above 0", fallback),
    sizeOrNull: (name) => read(name, orNull(isSize), "a whole number above 0 or null", null),
    positive: (name, fallback) => read(name, isPositive, "a number above 0", fallback),
    flag: (name, fallback) => read(name, isFlag, "true or false", fallback),
    text: (name, fallback) => read(name, isText, "a name", fallback),
    idOrNull: (name, fallback) => read(name, orNull(isWhole), "a token's id or null", fallback),
    table(name) {
      const found = read(name, orNull(isTable), "a table of fields or null", null);
      return found === null || Object.keys(found).length === 0 ? null : found;
    },
    has: (name) => Object.hasOwn(fields, name),
  };
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isSize = (value: unknown): value is number => isWhole(value) && value > 0;
const isPositive = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && value > 0;
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
const isText = (value: unknown): value is string => typeof value === "string";

/** Whether a value is a JSON object. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function orNull<T>(isRight: (value: unknown) => value is T): (value: unknown) => value is T | null {
  return (value): value is T | null => value === null || isRight(value);
}
