import type { CoordinatorConfig } from "./config.ts";
import { tokenIn } from "./entry/tokens.ts";

/**
 * What a run's compute clients must bring (P-90), kept in the run's folder for its owner alone, so that a compute client finds its way back to
 * a coordinator that was started again; null where the run needs none.
 */
function computeTokenOf(folder: string, isNeeded: boolean): string | null {
  return isNeeded ? tokenIn(folder, "compute.token") : null;
}

/** What helper devices bring (P-192), kept in the same way; null where a run has none. */
function helperTokenOf(folder: string, { run }: Pick<CoordinatorConfig, "run">): string | null {
  return run.helpers === undefined ? null : tokenIn(folder, "helper.token");
}

/** What clients bring that a run's operator trusts with the states of other clients' devices (P-126), kept in the same way. */
function hostTokenOf(folder: string, { stateHosts }: Pick<CoordinatorConfig, "stateHosts">): string | null {
  return stateHosts === "trusted" ? tokenIn(folder, "host.token") : null;
}

/** The tokens of a run. */
export interface RunTokens {
  /** What compute clients must bring (P-90); null where the run needs none. */
  readonly computeToken: string | null;
  /** What clients bring that may have the states of other clients' devices (P-126); null where any host may. */
  readonly hostToken: string | null;
  /** What helper devices bring (P-192); null where the run has none. */
  readonly helperToken: string | null;
}

/** All of them, each in the run's folder where the run has it. */
export function runTokens(folder: string, config: CoordinatorConfig, needsCompute: boolean): RunTokens {
  return {
    computeToken: computeTokenOf(folder, needsCompute),
    hostToken: hostTokenOf(folder, config),
    helperToken: helperTokenOf(folder, config),
  };
}
