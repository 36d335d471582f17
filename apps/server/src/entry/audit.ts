import { appendFileSync, chmodSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";

/** An order to a coordinator, carried out or not. */
export interface AuditEntry {
  readonly action: string;
  /** The client that it was about. */
  readonly clientKey?: string;
  readonly count?: number;
  /** Address that it came from. */
  readonly from: string;
  /** `refused`: without the operator's token. `unknown`: there is nothing of this name. `unfit`: it did not fit the run as it was. */
  readonly outcome: "done" | "refused" | "unknown" | "unfit" | "malformed";
}

/** Every order that a run's coordinator was given, in `audit.jsonl` of its folder. */
export interface Audit {
  note(entry: AuditEntry): void;
}

/** Orders without the token that are written in one process; anybody can send them. */
const maxRefused = 1000;

/** An audit log for the run's owner alone. What cannot be written is in the log, and the order is carried out: a full disk must not keep a run from being stopped. */
export function createAudit(folder: string, logger: Logger, now: () => number = Date.now): Audit {
  const path = join(folder, "audit.jsonl");
  let numRefused = 0;
  return {
    note(entry) {
      if (entry.outcome === "refused" && ++numRefused > maxRefused) return;
      const isLast = entry.outcome === "refused" && numRefused === maxRefused;
      const line = { at: new Date(now()).toISOString(), ...entry, ...(isLast ? { note: "further refused orders are not written" } : {}) };
      try {
        appendFileSync(path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
        chmodSync(path, 0o600);
      } catch (err) {
        logger.warn({ err, ...line }, "the audit log could not be written");
      }
    },
  };
}
