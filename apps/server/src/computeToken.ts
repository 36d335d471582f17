import type { CoordinatorConfig } from "./config.ts";
import { tokenIn } from "./entry/tokens.ts";

/**
 * What a run's compute clients must bring (P-90), kept in the run's folder for its owner alone, so that a compute client finds its way back to
 * a coordinator that was started again; null where the run needs none.
 */
export function computeTokenOf(folder: string, isNeeded: boolean): string | null {
  return isNeeded ? tokenIn(folder, "compute.token") : null;
}

/** What clients bring that a run's operator trusts with the states of other clients' devices (P-126), kept in the same way. */
export function hostTokenOf(folder: string, { stateHosts }: Pick<CoordinatorConfig, "stateHosts">): string | null {
  return stateHosts === "trusted" ? tokenIn(folder, "host.token") : null;
}
