import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CoordinatorConfig } from "./config.ts";
import { createToken } from "./http/control.ts";
import { writeSecret } from "./secretFiles.ts";

/**
 * What a run's compute clients must bring (P-90), kept in the run's folder for its owner alone, so that a compute client finds its way back to
 * a coordinator that was started again; null where the run needs none.
 */
export function computeTokenOf(folder: string, isNeeded: boolean): string | null {
  return isNeeded ? keptToken(join(folder, "compute.token")) : null;
}

/** What clients bring that a run's operator trusts with the states of other clients' devices (P-126), kept in the same way. */
export function hostTokenOf(folder: string, { stateHosts }: Pick<CoordinatorConfig, "stateHosts">): string | null {
  return stateHosts === "trusted" ? keptToken(join(folder, "host.token")) : null;
}

function keptToken(path: string): string {
  if (existsSync(path)) {
    const known = readFileSync(path, "utf8").trim();
    if (/^[A-Za-z0-9_-]{16,200}$/.test(known)) return known;
  }
  const token = createToken();
  writeSecret(path, `${token}\n`);
  return token;
}
