import { tokenIn } from "./entry/tokens.ts";

/**
 * What a run's compute clients must bring (P-90), kept in the run's folder for its owner alone, so that a compute client finds its way back to
 * a coordinator that was started again; null where the run needs none.
 */
export function computeTokenOf(folder: string, isNeeded: boolean): string | null {
  return isNeeded ? tokenIn(folder, "compute.token") : null;
}
