import { type Logger, pino } from "pino";
import type { CoordinatorConfig } from "./config.ts";

/** JSON lines on stderr, so that stdout stays free for what a command prints. */
export function createLogger({ logLevel }: CoordinatorConfig): Logger {
  return pino({ level: logLevel, base: null }, pino.destination({ dest: 2, sync: false }));
}
