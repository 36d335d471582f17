import { type DestinationStream, type Logger, pino } from "pino";
import type { CoordinatorConfig } from "./config.ts";
import { writable } from "./writableError.ts";

/** JSON lines on stderr, so that stdout stays free for what a command prints. An error is written whole, under whatever name and at whatever depth. */
export function createLogger({ logLevel }: Pick<CoordinatorConfig, "logLevel">, destination?: DestinationStream): Logger {
  // pino has its own form for `err`, which would be applied to ours.
  const forms = { formatters: { log: writable }, serializers: { err: (written: unknown) => written } };
  return pino({ level: logLevel, base: null, ...forms }, destination ?? pino.destination({ dest: 2, sync: false }));
}
