/** Objects that one entry goes through at most: an error may refer to all that there is. */
const maxObjects = 1000;
/** Deeper than any chain of causes, and within what calls may nest. */
const maxDepth = 100;
const unreadable = "(cannot be read)";

interface Walk {
  numObjects: number;
  /** Objects that the present one is part of. */
  readonly around: Set<object>;
}

/**
 * The fields of an entry with each error as its type, message, stack, cause and own fields: in JSON, an error alone is an empty object. Errors
 * within maps, sets and objects of classes are found too. It never throws, whatever a field does when it is read.
 */
export function writable(entry: Record<string, unknown>): Record<string, unknown> {
  const walk: Walk = { numObjects: 0, around: new Set([entry]) };
  return Object.fromEntries(fieldsOf(entry).map(([name, value]) => [name, part(value, walk)]));
}

function part(value: unknown, walk: Walk): unknown {
  if (typeof value !== "object" || value === null) return value;
  const isError = safely(() => value instanceof Error, false);
  const isPastEnd = walk.around.has(value) || walk.around.size > maxDepth || walk.numObjects >= maxObjects;
  if (isPastEnd) return isError ? headOf(value as Error) : value;
  walk.numObjects += 1;
  walk.around.add(value);
  const written = safely(() => (isError ? errorPart(value as Error, walk) : objectPart(value, walk)), unreadable);
  walk.around.delete(value);
  return written;
}

function errorPart(error: Error, walk: Walk): object {
  const fields = fieldsOf(error).filter(([name]) => name !== "cause" && name !== "errors");
  const own = fields.map(([name, value]) => [name, part(value, walk)] as const);
  const [cause, errors] = [read(error, "cause"), read(error, "errors")];
  return {
    ...Object.fromEntries(own),
    ...headOf(error),
    stack: read(error, "stack"),
    ...(errors === undefined ? {} : { errors: part(errors, walk) }),
    ...(cause === undefined ? {} : { cause: part(cause, walk) }),
  };
}

/** All that is said of an error that stands further out already, or too far in. */
function headOf(error: Error): object {
  return { type: read(error, "name"), message: read(error, "message") };
}

function objectPart(value: object, walk: Walk): unknown {
  if (value instanceof Map) return [...value].map((pair) => part(pair, walk));
  if (Array.isArray(value) || value instanceof Set) return [...value].map((item) => part(item, walk));
  const fields = fieldsOf(value);
  // Dates, addresses and bytes have a form of their own; other objects of classes matter for the errors that they hold.
  const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(value));
  if (!isPlain && !fields.some(([, field]) => field instanceof Error)) return value;
  return Object.fromEntries(fields.map(([name, field]) => [name, part(field, walk)]));
}

function fieldsOf(value: object): [string, unknown][] {
  if (ArrayBuffer.isView(value)) return [];
  const names = safely(() => Object.keys(value), []);
  return names.map((name) => [name, read(value, name)]);
}

function read(value: object, name: string): unknown {
  return safely((): unknown => Reflect.get(value, name), unreadable);
}

/** What can be read, or `otherwise` where reading throws. */
function safely<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
