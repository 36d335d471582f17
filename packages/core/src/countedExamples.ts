import type { RunConditions } from "./settings/runConditions.ts";

/** What decides how far a claim counts. */
export type ClaimLimits = Pick<RunConditions, "roster" | "maxCountedExamples">;

/** The most examples that a device may count with; null for no limit. In a fixed roster the examples were dealt, so nobody claims them. */
export function claimLimit({ roster, maxCountedExamples }: ClaimLimits): number | null {
  return roster === "open" ? (maxCountedExamples ?? null) : null;
}

/** n_i as it counts in a weight. */
export function countedExamples(numExamples: number, run: ClaimLimits): number {
  return Math.min(numExamples, claimLimit(run) ?? numExamples);
}
