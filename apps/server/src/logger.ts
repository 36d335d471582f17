import { type DestinationStream, type Logger, pino } from "pino";
import type { CoordinatorConfig } from "./config.ts";

/** JSON lines on stderr, so that stdout stays free for what a command prints. An error is written whole, under whatever name and at whatever depth. */
export function createLogger({ logLevel }: Pick<CoordinatorConfig, "logLevel">, destination?: DestinationStream): Logger {
  const whole = (entry: Record<string, unknown>) => writable(entry) as Record<string, unknown>;
  // pino has its own form for `err`, which would be applied to ours.
  const forms = { formatters: { log: whole, bindings: whole }, serializers: { err: (written: unknown) => written } };
  return pino({ level: logLevel, base: null, ...forms }, destination ?? pino.destination({ dest: 2, sync: false }));
}

const maxDepth = 6;

/** The same value with each error as its type, message, stack, cause and own fields: in JSON, an error alone is an empty object. */
function writable(value: unknown, depth = 0): unknown {
  if (value instanceof Error) return depth < maxDepth ? writtenError(value, depth) : String(value);
  if (typeof value !== "object" || value === null || depth >= maxDepth) return value;
  if (Array.isArray(value)) return value.some(isObject) ? value.map((item) => writable(item, depth + 1)) : value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, writable(part, depth + 1)]));
}

function writtenError(error: Error, depth: number): object {
  const { name, message, stack, cause } = error;
  const own = Object.entries(error).map(([field, part]) => [field, writable(part, depth + 1)]);
  const errors = error instanceof AggregateError ? { errors: error.errors.map((part) => writable(part, depth + 1)) } : {};
  return {
    ...Object.fromEntries(own),
    type: name,
    message,
    stack,
    ...errors,
    ...(cause === undefined ? {} : { cause: writable(cause, depth + 1) }),
  };
}

const isObject = (value: unknown) => typeof value === "object" && value !== null;
